import type { ClientChannel } from "ssh2";
import { parkCommand, parkCommandInOwnGroup } from "../posix/frame.ts";
import type { RemoteError } from "../remote/error.ts";
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
}

const noiseKept = 400;

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
    connection: Connection,
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

  /** A parked shell, or a fresh one where none is ready; the lot is refilled in the background. */
  take(): Promise<ParkedShell> {
    if (this.#closed) return Promise.reject(this.#closed);
    const ready = this.#ready.shift();
    // Refilling waits until the calls of the same moment had their turn: they must not queue behind it.
    setImmediate(() => void this.fill());
    if (ready) return Promise.resolve(ready);
    const turn = deferred<ParkedShell>();
    this.#waiting.push(turn);
    return turn.promise;
  }

  /** Takes a shell that was not used after all. */
  giveBack(shell: ParkedShell): void {
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
      await opened;
      await new Promise((resolve) => setTimeout(resolve, this.options.staggerMs).unref());
    }
  }

  /** End of input ends a parked shell at once; nothing of it stays on the remote. Waiting calls get the reason. */
  close(reason: RemoteError): void {
    this.#closed ??= reason;
    for (const { channel } of this.#ready.splice(0)) channel.end();
    for (const turn of this.#waiting.splice(0)) turn.reject(reason);
  }

  #wantsMore(): boolean {
    if (this.#closed) return false;
    if (this.#opening < this.#waiting.length) return true;
    return this.channels.hasRoom && this.#ready.length + this.#opening < this.#waiting.length + this.options.size;
  }

  async #openOne(): Promise<void> {
    this.#opening++;
    try {
      const shell = await this.#park();
      shell.channel.once("close", () => {
        const used = !this.#ready.includes(shell);
        this.#ready = this.#ready.filter((other) => other !== shell);
        // Its slot may be the one that refilling waits for. Shells that die unused are not replaced: the next would, too.
        if (used) setImmediate(() => void this.fill());
      });
      this.giveBack(shell);
    } catch (error) {
      // One that was opened in advance fails in silence; a call that waits is told, unless another one may still serve it.
      if (this.#opening <= this.#waiting.length) this.#waiting.shift()?.reject(error);
    } finally {
      this.#opening--;
    }
  }

  async #park(): Promise<ParkedShell> {
    const channel = await this.channels.open(this.#command);
    let noise = Buffer.alloc(0);
    const onNoise = (chunk: Buffer) => {
      if (noise.length < noiseKept) noise = Buffer.concat([noise, chunk.subarray(0, noiseKept)]);
    };
    // Read, not left in the buffer: a channel with unread data would never say that it closed.
    channel.on("data", onNoise);
    channel.stderr.on("data", onNoise);
    return {
      channel,
      take() {
        channel.off("data", onNoise);
        channel.stderr.off("data", onNoise);
        return noise;
      },
    };
  }
}
