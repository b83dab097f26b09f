import { RemoteError, type RemoteErrorCode } from "../remote/error.ts";
import type { HostIdentity, HostState, RemoteHost } from "../remote/host.ts";
import type { ExecOptions, ExecResult, RemoteShell } from "../remote/shell.ts";
import { raceAbort } from "../util/abort.ts";
import { pause } from "../util/pause.ts";
import { posixFiles } from "./files.ts";
import { posixSearch } from "./search.ts";

/** One login that runs scripts, for as long as its link lives. */
export interface ShellSession extends RemoteShell, AsyncDisposable {
  readonly identity: HostIdentity;
  /** `SHA256:…` of the machine that answered. */
  readonly hostKey: string;
  /** Sentences for the user about how this login came about. */
  readonly notices: readonly string[];
  /** Resolves once, with the reason, when nothing can be run over it any more; never rejects. */
  readonly closed: Promise<RemoteError>;
}

export interface OpenOptions {
  signal: AbortSignal;
  /** Milliseconds after which this attempt should have failed, where the target's own timeout is longer. */
  timeoutMs?: number;
}

export interface ShellHostOptions {
  /** What is known before the first login. */
  identity: HostIdentity;
  /** Logs in. Called again after the link died or could not be made, never twice at once. */
  open(options: OpenOptions): Promise<ShellSession>;
}

/**
 * Servers count failed logins and lock out who has too many (fail2ban: five in ten minutes). So long after a refused one (ms)
 * the same answer is given without asking again, three times as long after each further one. After every other failure the
 * next call may try: nothing was offered.
 */
const loginPauseMs = 30_000;
const longestLoginPauseMs = 15 * 60_000;

/** A machine that was there before may be rebooting, or this one waking up: so long (ms) a call tries to get it back. */
const patienceMs = 15_000;
/** Milliseconds before the second attempt; each further one waits twice as long, and a random part more. */
const firstPauseMs = 250;
/** With less time (ms) than that a login would fail for want of it. */
const leastLoginMs = 1_000;

/** Nothing was sent yet and the same attempt may succeed a moment later. */
const passing: readonly RemoteErrorCode[] = ["unreachable", "unresolved", "connect_timeout", "connection_lost"];

/** A machine over any login that runs POSIX shells. Logs in at the first call and again at the first call after the link died. */
export class ShellHost implements RemoteHost {
  readonly shell: RemoteShell = { exec: (script, options) => this.#exec(script, options) };
  readonly files;
  readonly search;
  #identity: HostIdentity;
  #state: HostState = { kind: "idle" };
  readonly #listeners = new Set<(state: HostState) => void>();
  #session: Promise<ShellSession> | undefined;
  /** What the first login led to; all that is known of files and directories belongs to it. */
  #first: Pick<ShellSession, "identity" | "hostKey"> | undefined;
  /** Until when (`performance.now()`) a refused login counts. */
  #refusedUntil: number | undefined;
  #loginPauseMs = loginPauseMs;
  readonly #closing = new AbortController();

  constructor(private readonly options: ShellHostOptions) {
    this.#identity = options.identity;
    this.files = posixFiles(this.shell, () => this.#identity.host);
    this.search = posixSearch(this.shell, () => this.#identity.host);
  }

  get identity(): HostIdentity {
    return this.#identity;
  }

  get state(): HostState {
    return this.#state;
  }

  onState(listener: (state: HostState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async connect(signal?: AbortSignal): Promise<void> {
    await raceAbort(this.#live(), signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(this.#closed());
    const session = await this.#session?.catch(() => undefined);
    await session?.[Symbol.asyncDispose]();
    this.#listeners.clear();
  }

  async #exec(script: string, options: ExecOptions = {}): Promise<ExecResult> {
    for (let isFirst = true; ; isFirst = false) {
      options.signal?.throwIfAborted();
      const session = await raceAbort(this.#live(), options.signal);
      try {
        return await session.exec(script, options);
      } catch (error) {
        // The link had died before anything of this call was sent: a login of its own may still serve it.
        if (!isFirst || !(error instanceof RemoteError) || error.code !== "connection_lost") throw error;
        await raceAbort(Promise.race([session.closed, nextTurn()]), options.signal);
      }
    }
  }

  #live(): Promise<ShellSession> {
    if (this.#closing.signal.aborted) return Promise.reject(this.#closed());
    if (this.#refusedUntil !== undefined && performance.now() > this.#refusedUntil) this.#session = undefined;
    this.#session ??= this.#open();
    return this.#session;
  }

  async #open(): Promise<ShellSession> {
    this.#refusedUntil = undefined;
    this.#setState({ kind: "connecting" });
    try {
      const { signal } = this.#closing;
      const session = await (this.#first ? this.#openAgain() : this.options.open({ signal }));
      await this.#requireSame(session);
      this.#loginPauseMs = loginPauseMs;
      this.#identity = session.identity;
      this.#setState({ kind: "connected", hostKey: session.hostKey, notices: session.notices });
      const mine = this.#session;
      void session.closed.then((reason) => this.#ended(reason, mine));
      return session;
    } catch (error) {
      if (error instanceof RemoteError && error.code === "auth_failed") {
        this.#refusedUntil = performance.now() + this.#loginPauseMs;
        this.#loginPauseMs = Math.min(3 * this.#loginPauseMs, longestLoginPauseMs);
      } else this.#session = undefined;
      this.#setState({ kind: "failed", reason: error instanceof Error ? error.message : String(error) });
      throw error;
    }
  }

  /** Only the login is tried again, never a command; and not after a refused login or host key. */
  async #openAgain(): Promise<ShellSession> {
    const { signal } = this.#closing;
    const until = performance.now() + patienceMs;
    for (let pauseMs = firstPauseMs; ; pauseMs *= 2) {
      const timeoutMs = until - performance.now();
      try {
        return await this.options.open({ signal, timeoutMs });
      } catch (error) {
        const waitMs = pauseMs * (1 + Math.random());
        const mayPass = error instanceof RemoteError && passing.includes(error.code);
        if (!mayPass || performance.now() + waitMs + leastLoginMs >= until) throw error;
        await pause(waitMs, signal);
      }
    }
  }

  /** Settings may change between two logins, and another machine or account must not be taken for the first. */
  async #requireSame(session: ShellSession): Promise<void> {
    this.#first ??= { identity: session.identity, hostKey: session.hostKey };
    const { user, host } = session.identity;
    const isSameKey = session.hostKey === this.#first.hostKey;
    if (isSameKey && user === this.#first.identity.user) return;
    await session[Symbol.asyncDispose]();
    if (isSameKey) {
      const message = `The ssh settings for ${host} now lead to the account ${user} instead of ${this.#first.identity.user}, so the session does not go on there; start OpenCode again to work as ${user}.`;
      throw new RemoteError("config", message, { host });
    }
    const message = `${host} is now another machine than at the start of this session (host key ${session.hostKey} instead of ${this.#first.hostKey}), so the session does not go on there; start OpenCode again to work on it.`;
    throw new RemoteError("host_key_changed", message, { host });
  }

  #ended(reason: RemoteError, session: Promise<ShellSession> | undefined): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    if (!this.#closing.signal.aborted) this.#setState({ kind: "failed", reason: reason.message });
  }

  #setState(state: HostState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }

  #closed(): RemoteError {
    return new RemoteError("closed", `The connection to ${this.#identity.host} was closed; start OpenCode again.`);
  }
}

/** The end of a link is told to several listeners; after this all of them have heard it. */
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
