import { RemoteError } from "../remote/error.ts";
import type { Lane } from "../remote/shell.ts";
import { raceAbort } from "../util/abort.ts";
import { type Deferred, deferred } from "../util/deferred.ts";
import { longestTimerMs } from "../util/pause.ts";
import type { Session } from "./session.ts";

/** A call that found no free channel for so long (ms) says so; a command waits as long as it might run where that is longer. */
const leastWaitMs = 60_000;

/** A call's place on a session; `leave` gives it to the next call. */
export interface Slot {
  session: Session;
  leave(): void;
}

export interface QueueOptions {
  /** For errors. */
  host: string;
  /**
   * Channels, over all sessions, that commands never take: they may run for hours, files and stops must find one. Where there
   * are few, half of them.
   */
  keptForFiles: number;
  /** A call has to wait; told each time. */
  onWait(): void;
  /** A call left this session. */
  onLeave(session: Session): void;
}

/** Gives each call a place on one of the sessions, in the order of asking; waiting files go before waiting commands. */
export class Queue {
  #commands = 0;
  #failed: RemoteError | undefined;
  readonly #waiting: Record<Lane, Deferred<Slot>[]> = { file: [], command: [] };

  constructor(
    private readonly sessions: readonly Session[],
    private readonly options: QueueOptions,
  ) {}

  get isWaiting(): boolean {
    return this.#waiting.file.length + this.#waiting.command.length > 0;
  }

  /**
   * Rejects with the signal's reason, with `unsupported` when it waited too long, or with that of `fail`.
   */
  async enter(lane: Lane, { signal, timeoutMs }: { signal?: AbortSignal; timeoutMs?: number } = {}): Promise<Slot> {
    signal?.throwIfAborted();
    if (this.#failed) throw this.#failed;
    const isFirst = this.#waiting.file.length === 0 && (lane === "file" || this.#waiting.command.length === 0);
    const slot = isFirst ? this.admit(lane) : undefined;
    if (slot) return slot;
    const turn = deferred<Slot>();
    const mayRunMs = lane === "file" ? 0 : (timeoutMs ?? longestTimerMs);
    const waitMs = Math.min(Math.max(leastWaitMs, mayRunMs), longestTimerMs);
    const timer = setTimeout(() => turn.reject(this.#busy()), waitMs);
    this.#waiting[lane].push(turn);
    this.options.onWait();
    try {
      return await raceAbort(turn.promise, signal);
    } catch (error) {
      this.#waiting[lane] = this.#waiting[lane].filter((other) => other !== turn);
      // A place that was given at the same moment goes to the next call.
      void turn.promise.then(
        (late) => late.leave(),
        () => {},
      );
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** A place now, past everybody who waits; undefined when there is none. */
  admit(lane: Lane): Slot | undefined {
    const channels = this.sessions.reduce((sum, { limit }) => sum + limit, 0);
    const kept = Math.min(this.options.keptForFiles, Math.floor(channels / 2));
    if (lane === "command" && this.#commands >= channels - kept) return;
    const free = this.sessions.filter((session) => session.free > 0).sort((a, b) => b.free - a.free);
    const session = free.find(({ hasReady }) => hasReady) ?? free[0];
    if (!session) return;
    const end = session.enter();
    if (lane === "command") this.#commands++;
    let hasLeft = false;
    const leave = () => {
      if (hasLeft) return;
      hasLeft = true;
      end();
      if (lane === "command") this.#commands--;
      this.dispatch();
      this.options.onLeave(session);
    };
    return { session, leave };
  }

  /** Places have become free. */
  dispatch(): void {
    for (const lane of ["file", "command"] as const) {
      for (let slot = this.#next(lane); slot; slot = this.#next(lane)) this.#waiting[lane].shift()?.resolve(slot);
    }
  }

  /** Everybody who waits or comes later gets this reason: nothing of theirs was sent. */
  fail(reason: RemoteError): void {
    this.#failed ??= reason;
    for (const lane of ["file", "command"] as const) {
      for (const turn of this.#waiting[lane].splice(0)) turn.reject(reason);
    }
  }

  #next(lane: Lane): Slot | undefined {
    return this.#waiting[lane].length > 0 ? this.admit(lane) : undefined;
  }

  #busy(): RemoteError {
    const { host } = this.options;
    const message = `All channels that ${host} allows are taken by running commands (MaxSessions in its sshd_config), so nothing was sent; try again when less is running.`;
    return new RemoteError("unsupported", message, { host });
  }
}
