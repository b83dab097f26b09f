import type { ClientChannel } from "ssh2";
import { parkCommand, parkCommandInOwnGroup } from "../posix/frame.ts";
import { notPosix } from "../posix/not-posix.ts";
import { watchReady } from "../posix/ready.ts";
import { RemoteError } from "../remote/error.ts";
import { raceAbort } from "../util/abort.ts";
import { type Deferred, deferred } from "../util/deferred.ts";
import { type Channels, isDropbear } from "./channels.ts";
import type { Connection } from "./connect.ts";

/** A channel whose `sh` waits for its one line. */
export interface ParkedShell {
  channel: ClientChannel;
  /** Hands the streams over; returns the beginning of what the login shell printed so far. */
  take(): Buffer;
}

export interface ParkingOptions {
  /** Shells kept waiting. */
  size: number;
  /** Milliseconds between two channels opened in advance. */
  staggerMs: number;
  /** Milliseconds that every call waits for its shell, however short its command may run; default 15 000. */
  leastWaitMs?: number;
}

/** Sessions that end without a status before their shell waits, until the account counts as one without a shell. */
const parkAttempts = 3;

/** So long (ms) a server may take to open a channel and start a shell in it; on a line full of data that is no quick answer. */
const shellWaitMs = 60_000;
const leastShellWaitMs = 15_000;

/** Thrown to a call that got no shell because the server allows fewer channels than were taken: it waits for its turn again. */
export const noRoom = new Error("The server allows fewer channels.");

export interface TakeOptions {
  signal?: AbortSignal;
  /** Milliseconds that the caller would wait for the command itself: hardly longer for its shell. */
  timeoutMs?: number;
}

/**
 * Shells that already run and wait for one line, so that a command costs one round trip instead of two. Each is used once:
 * nothing of one command can reach the next.
 */
export class Parking {
  #ready: ParkedShell[] = [];
  /** Calls that wait for a shell. Every shell goes to one of them first: there is never a ready shell and a waiting call. */
  #waiting: Deferred<ParkedShell>[] = [];
  #opening = 0;
  #closed: RemoteError | undefined;
  readonly #command: string;

  constructor(
    private readonly connection: Connection,
    private readonly channels: Channels,
    private readonly options: ParkingOptions,
  ) {
    this.#command = isDropbear(connection) ? parkCommandInOwnGroup : parkCommand;
    void connection.closed.then((reason) => this.close(reason));
  }

  /** True when a call would not have to wait. */
  get hasReady(): boolean {
    return this.#ready.length > 0;
  }

  /**
   * A parked shell, or a fresh one where none is ready; the lot is refilled in the background. Rejects with the signal's
   * reason, with `noRoom`, or with `connect_timeout` when the server gives none.
   */
  async take({ signal, timeoutMs = shellWaitMs }: TakeOptions): Promise<ParkedShell> {
    signal?.throwIfAborted();
    if (this.#closed) throw this.#closed;
    const ready = this.#ready.shift();
    // Refilling waits until the calls of the same moment had their turn: they must not queue behind it.
    setImmediate(() => void this.fill());
    if (ready) return ready;
    const turn = deferred<ParkedShell>();
    this.#waiting.push(turn);
    const { leastWaitMs = leastShellWaitMs } = this.options;
    const waitMs = Math.min(Math.max(timeoutMs, leastWaitMs), shellWaitMs);
    const timer = setTimeout(() => turn.reject(this.#noShell(waitMs)), waitMs);
    try {
      const shell = await raceAbort(turn.promise, signal);
      signal?.throwIfAborted();
      return shell;
    } catch (error) {
      this.#waiting = this.#waiting.filter((other) => other !== turn);
      // A shell that comes too late goes to the next call.
      void turn.promise.then(
        (shell) => this.#giveBack(shell),
        () => {},
      );
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** So many of the calls that wait, the last ones first, get `noRoom`. */
  turnAway(count: number): void {
    for (const turn of this.#waiting.splice(Math.max(0, this.#waiting.length - Math.max(0, count))))
      turn.reject(noRoom);
  }

  #giveBack(shell: ParkedShell): void {
    const next = this.#waiting.shift();
    if (next) next.resolve(shell);
    else if (this.#closed || shell.channel.destroyed || this.#ready.length >= this.options.size) shell.channel.end();
    else this.#ready.push(shell);
  }

  /** Opens a shell for every waiting call, then parks more until the lot is full. */
  async fill(): Promise<void> {
    while (this.#wantsMore()) {
      const opened = this.#openOne();
      if (!this.options.staggerMs) continue;
      // Without this a machine on which no shell ever waits would be asked for ever.
      if (!(await opened)) return;
      await new Promise((resolve) => setTimeout(resolve, this.options.staggerMs).unref());
    }
  }

  /** End of input ends a parked shell at once; nothing of it stays on the remote. Waiting calls get the reason. */
  close(reason: RemoteError): void {
    this.#closed ??= reason;
    for (const { channel } of this.#ready.splice(0)) channel.end();
    for (const turn of this.#waiting.splice(0)) turn.reject(reason);
  }

  #noShell(waitMs: number): RemoteError {
    const { host } = this.connection.target;
    const message = `${host} gave no shell within ${waitMs / 1000} s, so nothing was sent; try again.`;
    return new RemoteError("connect_timeout", message, { host });
  }

  #wantsMore(): boolean {
    if (this.#closed) return false;
    if (this.#opening < this.#waiting.length) return true;
    return this.channels.hasRoom && this.#ready.length + this.#opening < this.#waiting.length + this.options.size;
  }

  /** False when no shell came of it. */
  async #openOne(): Promise<boolean> {
    this.#opening++;
    try {
      const shell = await this.#park();
      shell.channel.once("close", () => {
        const used = !this.#ready.includes(shell);
        this.#ready = this.#ready.filter((other) => other !== shell);
        // Its slot may be the one that refilling waits for. Shells that die unused are not replaced: the next would, too.
        if (used) setImmediate(() => void this.fill());
      });
      this.#giveBack(shell);
      return true;
    } catch (error) {
      // One that was opened in advance fails in silence; a call that waits is told, unless another one may still serve it.
      if (this.#opening <= this.#waiting.length) this.#waiting.shift()?.reject(error);
      return false;
    } finally {
      this.#opening--;
    }
  }

  async #park(attempt = 1): Promise<ParkedShell> {
    const channel = await this.channels.open(this.#command);
    const watch = watchReady();
    // Read until it is taken, not left in the buffer: a channel with unread data would never say that it closed.
    channel.on("data", watch.onStdout);
    channel.stderr.on("data", watch.onStderr);
    let hasStatus = false;
    channel.once("exit", () => {
      hasStatus = true;
    });
    const closed = new Promise((resolve) => channel.once("close", resolve));
    // When the link dies its channels close first: after this turn all have heard why.
    const settled = closed.then(() => new Promise((resolve) => setImmediate(resolve)));
    const readiness = await raceAbort(watch.outcome(settled), this.connection.ended);
    if (readiness !== "ready") {
      channel.close();
      // Dropbear may close a session whose process is only starting; that of an account without a shell tells its status.
      if (readiness === "ended" && !hasStatus && attempt < parkAttempts) return await this.#park(attempt + 1);
      throw notPosix(this.connection.target, watch.noise(), readiness);
    }
    return {
      channel,
      take() {
        channel.off("data", watch.onStdout);
        channel.stderr.off("data", watch.onStderr);
        return Buffer.from(watch.noise(), "latin1");
      },
    };
  }
}
