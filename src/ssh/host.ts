import { posixFiles } from "../posix/files.ts";
import { posixSearch } from "../posix/search.ts";
import { RemoteError } from "../remote/error.ts";
import type { HostIdentity, HostState, RemoteHost } from "../remote/host.ts";
import type { ExecOptions, ExecResult, RemoteShell } from "../remote/shell.ts";
import { raceAbort } from "../util/abort.ts";
import { connect } from "./connect.ts";
import { type PoolOptions, Session } from "./session.ts";
import type { SshTarget } from "./target.ts";

export interface SshHostOptions extends PoolOptions {
  /** What is known before the target is resolved. */
  identity: HostIdentity;
  /** The effective settings; asked for at each connection, so that a changed configuration counts. */
  resolve(signal?: AbortSignal): Promise<SshTarget>;
}

/**
 * Servers count failed logins and lock out who has too many. So long after one (ms) the same answer is given without
 * asking again. After every other failure the next call may try: nothing was offered.
 */
const loginPauseMs = 30_000;

/** A machine over ssh2. Connects at the first call and again at the first call after the link died. */
export class SshHost implements RemoteHost {
  readonly shell: RemoteShell = { exec: (script, options) => this.#exec(script, options) };
  readonly files;
  readonly search;
  #identity: HostIdentity;
  #state: HostState = { kind: "idle" };
  readonly #listeners = new Set<(state: HostState) => void>();
  #session: Promise<Session> | undefined;
  /** Until when (`performance.now()`) a refused login counts. */
  #refusedUntil: number | undefined;
  /** The first host key of this host object: a reconnect that meets another one is refused even if the files changed. */
  #pinned: Buffer | undefined;
  readonly #closing = new AbortController();

  constructor(private readonly options: SshHostOptions) {
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
    options.signal?.throwIfAborted();
    const session = await raceAbort(this.#live(), options.signal);
    return await session.exec(script, options);
  }

  #live(): Promise<Session> {
    if (this.#closing.signal.aborted) return Promise.reject(this.#closed());
    if (this.#refusedUntil !== undefined && performance.now() > this.#refusedUntil) this.#session = undefined;
    this.#session ??= this.#open();
    return this.#session;
  }

  async #open(): Promise<Session> {
    this.#refusedUntil = undefined;
    this.#setState({ kind: "connecting" });
    try {
      const target = await this.options.resolve(this.#closing.signal);
      this.#identity = { user: target.user, host: target.host, port: target.port };
      const connection = await connect(target, { signal: this.#closing.signal, pinnedKey: this.#pinned });
      this.#pinned ??= connection.hostKeyBlob;
      const session = new Session(connection, this.options);
      session.warm();
      this.#setState({ kind: "connected", hostKey: connection.hostKey });
      const mine = this.#session;
      void connection.closed.then((reason) => this.#ended(reason, mine));
      return session;
    } catch (error) {
      if (error instanceof RemoteError && error.code === "auth_failed") {
        this.#refusedUntil = performance.now() + loginPauseMs;
      } else this.#session = undefined;
      this.#setState({ kind: "failed", reason: error instanceof Error ? error.message : String(error) });
      throw error;
    }
  }

  #ended(reason: RemoteError, session: Promise<Session> | undefined): void {
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
