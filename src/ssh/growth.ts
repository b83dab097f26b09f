import { frame } from "../posix/frame.ts";
import { RemoteError } from "../remote/error.ts";
import type { Session } from "./session.ts";

/** Milliseconds that a call waits for a channel before another connection is made: a handshake costs seven round trips. */
const growAfterMs = 300;
/** Milliseconds before another connection is tried after one that could not be made. */
const growPauseMs = 30_000;
/** Milliseconds after which a further connection that nobody uses is closed. */
const idleMs = 60_000;

/** What tells one machine from another behind the same name; the boot id only where there is one (Linux). */
const whichMachine = "uname -n; cat /proc/sys/kernel/random/boot_id 2>/dev/null; :";

export interface GrowthOptions {
  /** The first one is the login; the others come and go. */
  sessions: readonly Session[];
  /** Connections at once, the first included. */
  most: number;
  /** Milliseconds between two connections. */
  staggerMs: number;
  signal: AbortSignal;
  /** True while calls wait for a channel. */
  isWanted(): boolean;
  open(signal: AbortSignal): Promise<Session>;
  add(session: Session): void;
  /** A call of ours left a session, so there is room for another one. */
  freed(): void;
}

/** Makes further connections while calls wait, one at a time, and closes those that are idle. */
export class Growth {
  #timer: NodeJS.Timeout | undefined;
  #isGrowing = false;
  #notBefore = 0;
  #machine: Promise<string> | undefined;
  readonly #idle = new Map<Session, NodeJS.Timeout>();

  constructor(private readonly options: GrowthOptions) {}

  /** A call waits. */
  wanted(delayMs = growAfterMs): void {
    const { signal, sessions, most } = this.options;
    if (this.#timer || this.#isGrowing || signal.aborted || sessions.length >= most || !this.#machine) return;
    const waitMs = Math.max(delayMs, this.#notBefore - performance.now());
    if (waitMs === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.options.isWanted()) void this.#grow();
    }, waitMs);
  }

  /** A call left this session. */
  left(session: Session): void {
    if (session === this.options.sessions[0] || !session.isIdle || this.options.signal.aborted) return;
    clearTimeout(this.#idle.get(session));
    // By then it may be the only one that is left.
    const close = () => {
      if (session.isIdle && session !== this.options.sessions[0]) void session[Symbol.asyncDispose]();
    };
    this.#idle.set(session, setTimeout(close, idleMs).unref());
  }

  forget(session: Session): void {
    clearTimeout(this.#idle.get(session));
    this.#idle.delete(session);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const timer of this.#idle.values()) clearTimeout(timer);
    this.#idle.clear();
  }

  /**
   * A further session on the same machine. A name may lead to one of several (the login nodes of a cluster): then what
   * one session started is not there for the other. Rejects with `unsupported` when it is another one, or when that could
   * not be told.
   */
  async another(signal: AbortSignal): Promise<Session> {
    if (!this.#machine) throw new RemoteError("unsupported", "It is not known which machine this is; try again.");
    const session = await this.options.open(signal);
    try {
      const [here, there] = await Promise.all([this.#machine, machineOf(session)]);
      if (here === there) return session;
      const { host } = session.connection.target;
      const message = `The name ${host} leads to more than one machine, so a second connection to the same one cannot be made; name one of them.`;
      throw new RemoteError("unsupported", message, { host });
    } catch (error) {
      await session[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Asks this session which machine it is on, while it still has a channel for that. */
  learn(first: Session): void {
    if (this.#machine || this.options.signal.aborted) return;
    this.#machine = machineOf(first);
    const forget = () => {
      this.#machine = undefined;
    };
    void this.#machine.catch(forget).finally(this.options.freed);
  }

  async #grow(): Promise<void> {
    const { signal, staggerMs, isWanted, add } = this.options;
    this.#isGrowing = true;
    try {
      const session = await this.another(signal);
      if (signal.aborted) await session[Symbol.asyncDispose]();
      else add(session);
    } catch (error) {
      // Servers count failed logins, and a person is not asked for this.
      const mayPass = error instanceof RemoteError && error.code !== "auth_failed" && error.code !== "unsupported";
      this.#notBefore = mayPass ? performance.now() + growPauseMs : Number.POSITIVE_INFINITY;
    } finally {
      this.#isGrowing = false;
    }
    if (isWanted()) this.wanted(staggerMs);
  }
}

async function machineOf(session: Session): Promise<string> {
  const end = session.enter();
  try {
    const { stdout, ended } = await session.exec(frame(whichMachine), { timeoutMs: 10_000, stop: async () => {} });
    if (ended !== "exited") throw new RemoteError("connection_lost", "The machine did not tell its name; try again.");
    return Buffer.from(stdout).toString();
  } finally {
    end();
  }
}
