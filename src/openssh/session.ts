import { setMaxListeners } from "node:events";
import { frame } from "../posix/frame.ts";
import type { ShellSession } from "../posix/host.ts";
import { notPosix } from "../posix/not-posix.ts";
import { runFramed } from "../posix/run.ts";
import stopScript from "../posix/scripts/stop.sh";
import { RemoteError } from "../remote/error.ts";
import type { HostIdentity } from "../remote/host.ts";
import type { ExecOptions, ExecResult } from "../remote/shell.ts";
import { raceAbort } from "../util/abort.ts";
import { type Deferred, deferred } from "../util/deferred.ts";
import { pause } from "../util/pause.ts";
import type { Master } from "./master.ts";
import { Parking } from "./parking.ts";
import type { ParkedShell } from "./shell.ts";

export interface ClientSessionOptions {
  /** Shells parked for commands. */
  commandShells: number;
  /** Shells parked for file operations; as many sessions are kept free of commands. */
  fileShells: number;
  /** Milliseconds between two shells opened in advance. */
  staggerMs: number;
  notices: readonly string[];
  /** Logs in once more, without asking anybody. */
  another(signal: AbortSignal): Promise<Master>;
}

/** A dead parked shell is noticed only when it is used; after this many the account has no POSIX shell. */
const attempts = 3;

/** A file operation that found no free session for so long (ms) says so; a command waits until it is stopped. */
const fileWaitMs = 60_000;

/** TERM, two seconds, KILL, and a slow line; milliseconds. */
const stopTimeoutMs = 10_000;

/** Milliseconds at the end for file operations to finish and for commands to be stopped: TERM, two seconds, KILL. */
const disposeGraceMs = 4_000;

/** Runs scripts over one master, which it owns, for as long as that lives. */
export class ClientSession implements ShellSession {
  readonly #parking: Parking;
  #commands = 0;
  #waiting: Deferred<void>[] = [];
  /** Stops and file operations: what the end of the session waits for. */
  readonly #unfinished = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();

  constructor(
    private readonly master: Master,
    private readonly options: ClientSessionOptions,
  ) {
    // Every command listens to it, and Node takes more than ten listeners for a leak.
    setMaxListeners(0, this.#closing.signal);
    const size = options.commandShells + options.fileShells;
    this.#parking = new Parking(master, { size, staggerMs: options.staggerMs });
  }

  get identity(): HostIdentity {
    const { user, host, port } = this.master.target;
    return { user, host, port };
  }

  get hostKey(): string {
    return this.master.facts.hostKey;
  }

  get notices(): readonly string[] {
    return this.options.notices;
  }

  get closed(): Promise<RemoteError> {
    return this.master.closed;
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

  async [Symbol.asyncDispose](): Promise<void> {
    const { host } = this.master.target;
    const reason = new RemoteError("closed", `The connection to ${host} was closed.`, { host });
    this.#closing.abort(reason);
    const over = new AbortController();
    const grace = pause(disposeGraceMs, over.signal).catch(() => {});
    await Promise.race([Promise.allSettled(this.#unfinished), grace, this.master.closed]);
    over.abort();
    this.#parking.close(reason);
    await this.master[Symbol.asyncDispose]();
  }

  async #exec(script: string, options: ExecOptions): Promise<ExecResult> {
    options.signal?.throwIfAborted();
    const framed = frame(script, options);
    const leave = options.lane === "file" ? () => {} : await this.#enterCommandLane(options.signal);
    const { ended } = this.master;
    try {
      let noise = "";
      for (let attempt = 0; attempt < attempts; attempt++) {
        const shell = await this.#take(options);
        const stop = (pid: Promise<number | undefined>) => this.#finish(this.#stop(pid));
        const outcome = await runFramed(shell, framed, { ...options, stop, ended });
        this.#parking.done(shell);
        if (outcome.kind === "done") return outcome.result;
        if (outcome.kind === "no-cwd") throw this.#noSuchDirectory(options.cwd);
        noise = outcome.noise;
      }
      throw notPosix(this.identity, noise, "ended");
    } finally {
      leave();
    }
  }

  /** Commands may run for hours; some sessions are never theirs, so that files and stops always find one. */
  async #enterCommandLane(signal: AbortSignal | undefined): Promise<() => void> {
    while (this.#commands >= Math.max(1, this.#parking.limit - this.options.fileShells)) {
      const turn = deferred<void>();
      this.#waiting.push(turn);
      try {
        await raceAbort(raceAbort(turn.promise, signal), this.master.ended);
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
   * Best effort: the answer to the caller does not depend on it. Where commands hold every session that the server allows,
   * it goes over a login of its own: closing a command's channel would not end its process there.
   */
  async #stop(group: Promise<number | undefined>): Promise<void> {
    const pid = await group;
    if (pid === undefined) return;
    const script = `P=${pid}\n${stopScript}`;
    const options = { lane: "file", timeoutMs: stopTimeoutMs } as const;
    try {
      if (this.#parking.hasRoom) await this.#exec(script, options);
      else await this.#execElsewhere(script, options);
    } catch {
      // The link is gone, or the server lets nobody in; the command's own answer is all that can be said.
    }
  }

  async #execElsewhere(script: string, options: ExecOptions): Promise<void> {
    const { another } = this.options;
    const none = { commandShells: 0, fileShells: 0, staggerMs: 0, notices: [], another };
    await using session = new ClientSession(await another(this.master.ended), none);
    await session.exec(script, options);
  }

  #finish<T>(work: Promise<T>): Promise<T> {
    this.#unfinished.add(work);
    const done = () => this.#unfinished.delete(work);
    work.then(done, done);
    return work;
  }

  #noSuchDirectory(cwd: string | undefined): RemoteError {
    const { host } = this.master.target;
    const message = `Cannot enter the directory ${cwd} on ${host}; check that it exists and that the account may enter it.`;
    return new RemoteError("not_found", message, { host, path: cwd });
  }

  #busy(): RemoteError {
    const { host } = this.master.target;
    const message = `All sessions that ${host} allows are taken by running commands (MaxSessions in its sshd_config), so nothing was sent; try again when less is running.`;
    return new RemoteError("unsupported", message, { host });
  }
}
