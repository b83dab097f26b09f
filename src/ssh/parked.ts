import type { ClientChannel } from "ssh2";
import { parkCommand, parkCommandInOwnGroup } from "../posix/frame.ts";
import type { Channels } from "./channels.ts";
import { isDropbear } from "./channels.ts";
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
  #filling = false;
  #closed = false;
  readonly #command: string;

  constructor(
    connection: Connection,
    private readonly channels: Channels,
    private readonly options: ParkingOptions,
  ) {
    this.#command = isDropbear(connection) ? parkCommandInOwnGroup : parkCommand;
    void connection.closed.then(() => this.close());
  }

  /** A parked shell, or a fresh one where none is ready; the lot is refilled in the background. */
  async take(): Promise<ParkedShell> {
    const shell = this.#ready.shift() ?? (await this.#park());
    void this.fill();
    return shell;
  }

  /** Parks shells until the lot is full. Failures are left for the call that needs a shell to report. */
  async fill(): Promise<void> {
    if (this.#filling) return;
    this.#filling = true;
    try {
      while (!this.#closed && this.#ready.length < this.options.size && this.channels.hasRoom) {
        this.#keep(await this.#park());
        if (this.options.staggerMs) await new Promise((resolve) => setTimeout(resolve, this.options.staggerMs).unref());
      }
    } catch {
      // The next call opens its own channel and tells why that fails.
    } finally {
      this.#filling = false;
    }
  }

  /** End of input ends a parked shell at once; nothing of it stays on the remote. */
  close(): void {
    this.#closed = true;
    for (const { channel } of this.#ready.splice(0)) channel.end();
  }

  #keep(shell: ParkedShell): void {
    if (this.#closed) shell.channel.end();
    else {
      this.#ready.push(shell);
      shell.channel.once("close", () => {
        this.#ready = this.#ready.filter((other) => other !== shell);
      });
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
