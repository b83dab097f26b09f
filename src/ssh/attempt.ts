import type { Prompter, Question } from "../remote/prompter.ts";
import { connectTimedOut } from "./errors.ts";
import type { SshTarget } from "./target.ts";

/**
 * One attempt to connect to one machine: one signal for timeout and abort. It is also the prompter of that attempt: its
 * clock stands still while a person thinks.
 */
export class Attempt implements Prompter {
  /** What is being waited for, for the timeout's sentence. */
  stage = "the start";
  readonly signal: AbortSignal;
  readonly #limit = new AbortController();
  #leftMs: number;
  #since = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly target: SshTarget,
    private readonly options: { limitMs: number; prompter: Prompter },
  ) {
    this.signal = this.#limit.signal;
    this.#leftMs = options.limitMs;
    this.#start();
  }

  abort(reason: unknown): void {
    this.#limit.abort(reason);
  }

  /** Stops the clock for good. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async ask(question: Question, signal: AbortSignal): Promise<string | undefined> {
    const isRunning = this.#timer !== undefined;
    if (isRunning) this.#stop();
    try {
      return await this.options.prompter.ask(question, signal);
    } finally {
      if (isRunning && !this.signal.aborted) this.#start();
    }
  }

  #start(): void {
    this.#since = performance.now();
    const { target, options } = this;
    const expire = () => this.abort(connectTimedOut({ ...target, connectTimeoutMs: options.limitMs }, this.stage));
    this.#timer = setTimeout(expire, Math.max(0, this.#leftMs));
  }

  #stop(): void {
    this.end();
    this.#leftMs -= performance.now() - this.#since;
  }
}
