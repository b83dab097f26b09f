import { setMaxListeners } from "node:events";
import { frame } from "../posix/frame.ts";
import stopScript from "../posix/scripts/stop.sh";
import { RemoteError } from "../remote/error.ts";
import type { HostIdentity } from "../remote/host.ts";
import type { ExecOptions, ExecResult, RemoteShell } from "../remote/shell.ts";
import { raceAbort } from "../util/abort.ts";
import { type Deferred, deferred } from "../util/deferred.ts";
import { Channels } from "./channels.ts";
import { type Connection, connect } from "./connect.ts";
import { run } from "./exec.ts";
import { type ParkedShell, Parking } from "./parked.ts";

export interface PoolOptions {
  /** Shells parked for commands. */
  commandShells: number;
  /** Shells parked for file operations; as many channels are kept free of commands. */
  fileShells: number;
  /** Milliseconds between two channels opened in advance. */
  staggerMs: number;
}

/** A dead parked shell is noticed only when it is used; after this many the account has no POSIX shell. */
const attempts = 3;

/** A file operation that found no free channel for so long (ms) says so; a command waits until it is stopped. */
const fileWaitMs = 60_000;

/** TERM, two seconds, KILL, and a slow line; milliseconds. */
const stopTimeoutMs = 10_000;

/** Milliseconds at the end for file operations to finish and for commands to be stopped: TERM, two seconds, KILL. */
const disposeGraceMs = 4_000;

/** Everything that lives exactly as long as one connection. Owns the connection, its channels and its parked shells. */
export class Session implements RemoteShell, AsyncDisposable {
  readonly #channels: Channels;
  readonly #parking: Parking;
  #commands = 0;
  #waiting: Deferred<void>[] = [];
  /** Stops and file operations: what the end of the session waits for. */
  readonly #unfinished = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();

  constructor(
    readonly connection: Connection,
    private readonly pool: PoolOptions,
  ) {
    // Every command listens to it, and Node takes more than ten listeners for a leak.
    setMaxListeners(0, this.#closing.signal);
    this.#channels = new Channels(connection);
    const size = pool.commandShells + pool.fileShells;
    this.#parking = new Parking(connection, this.#channels, { size, staggerMs: pool.staggerMs });
  }

  get identity(): HostIdentity {
    const { user, host, port } = this.connection.target;
    return { user, host, port };
  }

  get hostKey(): string {
    return this.connection.hostKey;
  }

  get closed(): Promise<RemoteError> {
    return this.connection.closed;
  }

  warm(): void {
    void this.#parking.fill();
  }

  /** Runs a script; a command still running when the session is disposed is stopped and ends as `aborted`. */
  exec(script: string, options: ExecOptions = {}): Promise<ExecResult> {
    if (options.lane === "file") return this.#finish(this.#exec(script, options));
    const { signal } = this.#closing;
    return this.#exec(script, {
      ...options,
      signal: options.signal ? AbortSignal.any([options.signal, signal]) : signal,
    });
  }

  async #exec(script: string, options: ExecOptions): Promise<ExecResult> {
    options.signal?.throwIfAborted();
    const framed = frame(script, options);
    const leave = options.lane === "file" ? () => {} : await this.#enterCommandLane(options.signal);
    try {
      let noise = "";
      for (let attempt = 0; attempt < attempts; attempt++) {
        const shell = await this.#take(options);
        const stop = (pid: Promise<number | undefined>) => this.#finish(this.#stop(pid));
        const outcome = await run(this.connection, shell, framed, { ...options, stop });
        this.#channels.done(shell.channel);
        if (outcome.kind === "done") return outcome.result;
        if (outcome.kind === "no-cwd") throw this.#noSuchDirectory(options.cwd);
        noise = outcome.noise;
      }
      throw this.#notPosix(noise);
    } finally {
      leave();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { host } = this.connection.target;
    const reason = new RemoteError("closed", `The connection to ${host} was closed.`, { host });
    this.#closing.abort(reason);
    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise((resolve) => {
      timer = setTimeout(resolve, disposeGraceMs);
    });
    await Promise.race([Promise.allSettled(this.#unfinished), grace]);
    clearTimeout(timer);
    this.#parking.close(reason);
    await this.connection[Symbol.asyncDispose]();
  }

  /** Commands may run for hours; some channels are never theirs, so that files and stops always find one. */
  async #enterCommandLane(signal: AbortSignal | undefined): Promise<() => void> {
    while (this.#commands >= Math.max(1, this.#channels.limit - this.pool.fileShells)) {
      const turn = deferred<void>();
      this.#waiting.push(turn);
      try {
        await raceAbort(raceAbort(turn.promise, signal), this.connection.ended);
      } finally {
        this.#waiting = this.#waiting.filter((other) => other !== turn);
      }
    }
    this.#commands++;
    return () => {
      this.#commands--;
      this.#waiting.shift()?.resolve();
    };
  }

  async #take({ signal, lane }: ExecOptions): Promise<ParkedShell> {
    const taking = this.#parking.take();
    const patience = new AbortController();
    const timer = lane === "file" ? setTimeout(() => patience.abort(this.#busy()), fileWaitMs) : undefined;
    try {
      const shell = await raceAbort(raceAbort(taking, signal), patience.signal);
      if (!signal?.aborted) return shell;
      throw signal.reason;
    } catch (error) {
      // A shell that comes too late goes to the next call.
      void taking.then(
        (shell) => this.#parking.giveBack(shell),
        () => {},
      );
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Best effort: the answer to the caller does not depend on it. Where commands hold every channel that the server allows,
   * it goes over a connection of its own: closing a command's channel would not end its session there.
   */
  async #stop(group: Promise<number | undefined>): Promise<void> {
    const pid = await group;
    if (pid === undefined) return;
    const script = `P=${pid}\n${stopScript}`;
    const options = { lane: "file", timeoutMs: stopTimeoutMs } as const;
    try {
      if (this.#parking.hasReady || this.#channels.hasRoom) await this.#exec(script, options);
      else await this.#execElsewhere(script, options);
    } catch {
      // The link is gone, or the server lets nobody in; the command's own answer is all that can be said.
    }
  }

  async #execElsewhere(script: string, options: ExecOptions): Promise<void> {
    const { target, pins } = this.connection;
    const pool = { commandShells: 0, fileShells: 0, staggerMs: 0 };
    await using session = new Session(await connect(target, { pins }), pool);
    await session.exec(script, options);
  }

  #finish<T>(work: Promise<T>): Promise<T> {
    this.#unfinished.add(work);
    const done = () => this.#unfinished.delete(work);
    work.then(done, done);
    return work;
  }

  #noSuchDirectory(cwd: string | undefined): RemoteError {
    const { host } = this.connection.target;
    const message = `Cannot enter the directory ${cwd} on ${host}; check that it exists and that the account may enter it.`;
    return new RemoteError("not_found", message, { host, path: cwd });
  }

  #busy(): RemoteError {
    const { host } = this.connection.target;
    const message = `All channels that ${host} allows are taken by running commands (MaxSessions in its sshd_config), so nothing was sent; try again when less is running.`;
    return new RemoteError("unsupported", message, { host });
  }

  #notPosix(noise: string): RemoteError {
    const { host, user } = this.connection.target;
    const said = noise
      .replace(/[^\x20-\x7e]+/g, " ")
      .trim()
      .slice(0, 120);
    const message = `The account ${user} on ${host} does not run POSIX shell commands${said ? ` (it says: "${said}")` : ""}; use an account with a login shell.`;
    return new RemoteError("not_posix", message, { host });
  }
}
