import type { Prompter, Question } from "../remote/prompter.ts";
import { longestTimerMs } from "../util/pause.ts";
import { connectTimedOut } from "./errors.ts";
import type { SshTarget } from "./target.ts";

/**
 * One attempt to connect to one machine: one signal for timeout and abort. It is also the prompter of that attempt: its
 * clock stands still while a person thinks.
 */
export class Attempt implements Prompter {
  /** What is being waited for, for the timeout's sentence. */
  stage: string | (() => string) = "the start";
  readonly signal: AbortSignal;
  readonly #limit = new AbortController();
  #leftMs: number;
  #since = 0;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(
    private readonly target: SshTarget,
    private readonly options: { limitMs: number; prompter: Prompter },
  ) {
    this.signal = this.#limit.signal;
    this.#leftMs = options.limitMs;
    this.#start();
  }

  /** Milliseconds until it times out. */
  get leftMs(): number {
    return this.#timer === undefined ? this.#leftMs : this.#leftMs - (performance.now() - this.#since);
  }

  /** Gives it at least so many milliseconds from now on. */
  allow(ms: number): void {
    if (this.#isOver || this.leftMs >= ms) return;
    const isRunning = this.#timer !== undefined;
    clearTimeout(this.#timer);
    this.#leftMs = ms;
    if (isRunning) this.#start();
  }

  abort(reason: unknown): void {
    this.#limit.abort(reason);
  }

  /** Stops the clock for good, even if a question is still to be answered. */
  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async ask(question: Question, signal: AbortSignal): Promise<string | undefined> {
    const isRunning = this.#timer !== undefined;
    if (isRunning) this.#stop();
    try {
      return await this.options.prompter.ask(question, signal);
    } finally {
      if (isRunning && !this.signal.aborted && !this.#isOver) this.#start();
    }
  }

  #start(): void {
    this.#since = performance.now();
    const { target, options } = this;
    const expire = () => {
      const stage = typeof this.stage === "string" ? this.stage : this.stage();
      const connectTimeoutMs = Math.max(options.limitMs, this.#leftMs);
      this.abort(connectTimedOut({ ...target, connectTimeoutMs }, stage));
    };
    this.#timer = setTimeout(expire, Math.min(Math.max(0, this.#leftMs), longestTimerMs));
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#leftMs -= performance.now() - this.#since;
  }
}
