import { setMaxListeners } from "node:events";
import { frame } from "../posix/frame.ts";
import type { ShellSession } from "../posix/host.ts";
import stopScript from "../posix/scripts/stop.sh";
import { RemoteError } from "../remote/error.ts";
import type { HostIdentity } from "../remote/host.ts";
import type { ExecOptions, ExecResult } from "../remote/shell.ts";
import { deferred } from "../util/deferred.ts";
import { isDropbear } from "./channels.ts";
import type { Connection } from "./connect.ts";
import { Growth } from "./growth.ts";
import type { ParkingOptions } from "./parked.ts";
import { noRoom } from "./parked.ts";
import { Queue } from "./queue.ts";
import { Session } from "./session.ts";

export interface PoolOptions {
  /** Shells parked for commands. */
  commandShells: number;
  /** Shells parked for file operations; as many channels are kept free of commands. */
  fileShells: number;
  /** Milliseconds between two channels opened in advance, and between two connections. */
  staggerMs: number;
}

export interface Login extends PoolOptions, Pick<ParkingOptions, "leastWaitMs"> {
  notices: readonly string[];
  /** A further connection to the same machine; asks nobody anything. */
  another(signal: AbortSignal): Promise<Connection>;
}

/** TERM, two seconds, KILL, and a slow line; milliseconds. */
const stopTimeoutMs = 10_000;

/** Milliseconds at the end for file operations to finish and for commands to be stopped: TERM, two seconds, KILL. */
const disposeGraceMs = 4_000;

/**
 * One login: one connection with many channels, and further connections only while the server gives too few channels for
 * the calls that wait.
 */
export class Pool implements ShellSession {
  readonly identity: HostIdentity;
  readonly hostKey: string;
  readonly notices: readonly string[];
  readonly closed: Promise<RemoteError>;
  readonly #closed = deferred<RemoteError>();
  readonly #sessions: Session[] = [];
  readonly #queue: Queue;
  readonly #growth: Growth;
  /** Stops and file operations: what the end of the pool waits for. */
  readonly #unfinished = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();

  constructor(
    first: Connection,
    private readonly login: Login,
  ) {
    const { user, host, port } = first.target;
    this.identity = { user, host, port };
    this.hostKey = first.hostKey;
    this.notices = login.notices;
    this.closed = this.#closed.promise;
    // Every command listens to it, and Node takes more than ten listeners for a leak.
    setMaxListeners(0, this.#closing.signal);
    this.#queue = new Queue(this.#sessions, {
      host,
      keptForFiles: login.fileShells,
      onWait: () => this.#growth.wanted(),
      onLeave: (session) => this.#growth.left(session),
    });
    this.#growth = new Growth({
      sessions: this.#sessions,
      most: login.commandShells + login.fileShells,
      staggerMs: login.staggerMs,
      signal: this.#closing.signal,
      isWanted: () => this.#queue.isWaiting,
      open: async (signal) => this.#session(await login.another(signal)),
      add: (session) => this.#add(session),
      freed: () => this.#queue.dispatch(),
    });
    const session = this.#session(first);
    this.#add(session);
    // Dropbear allows any number of channels and opens them one after the other: there it would only be in the way.
    if (!isDropbear(first)) this.#growth.learn(session);
  }

  /** Runs a script; a command still running when the pool is disposed is stopped and ends as `aborted`. */
  exec(script: string, options: ExecOptions = {}): Promise<ExecResult> {
    if (options.lane === "file") return this.#finish(this.#exec(script, options));
    const { signal } = this.#closing;
    return this.#exec(script, {
      ...options,
      signal: options.signal ? AbortSignal.any([options.signal, signal]) : signal,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { host } = this.identity;
    const reason = new RemoteError("closed", `The connection to ${host} was closed.`, { host });
    this.#closing.abort(reason);
    this.#growth.end();
    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise((resolve) => {
      timer = setTimeout(resolve, disposeGraceMs);
    });
    await Promise.race([Promise.allSettled(this.#unfinished), grace]);
    clearTimeout(timer);
    this.#queue.fail(reason);
    await Promise.all(this.#sessions.map((session) => session[Symbol.asyncDispose]()));
  }

  async #exec(script: string, options: ExecOptions): Promise<ExecResult> {
    options.signal?.throwIfAborted();
    const framed = frame(script, options);
    const stop = (pid: Promise<number | undefined>) => this.#finish(this.#stop(pid));
    for (;;) {
      const { session, leave } = await this.#queue.enter(options.lane ?? "command", options);
      try {
        return await session.exec(framed, { ...options, stop });
      } catch (error) {
        if (error !== noRoom) throw error;
      } finally {
        leave();
      }
    }
  }

  #session(connection: Connection): Session {
    const { commandShells, fileShells, staggerMs, leastWaitMs } = this.login;
    return new Session(connection, { size: commandShells + fileShells, staggerMs, leastWaitMs });
  }

  #add(session: Session): void {
    this.#sessions.push(session);
    session.warm();
    this.#queue.dispatch();
    void session.connection.closed.then((reason) => {
      this.#sessions.splice(this.#sessions.indexOf(session), 1);
      this.#growth.forget(session);
      if (this.#sessions.length > 0) return;
      this.#growth.end();
      this.#queue.fail(reason);
      this.#closed.resolve(reason);
    });
  }

  /**
   * Best effort: the answer to the caller does not depend on it. Where commands hold every channel that the server allows,
   * it goes over a connection of its own: closing a command's channel would not end its session there.
   */
  async #stop(group: Promise<number | undefined>): Promise<void> {
    const pid = await group;
    if (pid === undefined) return;
    const framed = frame(`P=${pid}\n${stopScript}`);
    const options = { timeoutMs: stopTimeoutMs, stop: async () => {} };
    const slot = this.#queue.admit("file");
    try {
      const isSent = slot && (await sent(slot.session.exec(framed, options)));
      if (isSent) return;
      await using session = await this.#growth.another(AbortSignal.timeout(stopTimeoutMs));
      await session.exec(framed, options);
    } catch {
      // The link is gone, or the server lets nobody in; the command's own answer is all that can be said.
    } finally {
      slot?.leave();
    }
  }

  #finish<T>(work: Promise<T>): Promise<T> {
    this.#unfinished.add(work);
    const done = () => this.#unfinished.delete(work);
    work.then(done, done);
    return work;
  }
}

/** False when there was no room for it. */
const sent = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    (error: unknown) => {
      if (error === noRoom) return false;
      throw error;
    },
  );
