import type { Frame } from "../posix/frame.ts";
import { notPosix } from "../posix/not-posix.ts";
import { RemoteError } from "../remote/error.ts";
import type { ExecOptions, ExecResult } from "../remote/shell.ts";
import { Channels } from "./channels.ts";
import type { Connection } from "./connect.ts";
import { run } from "./exec.ts";
import { Parking, type ParkingOptions } from "./parked.ts";

/** A dead parked shell is noticed only when it is used; after this many the account has no POSIX shell. */
const attempts = 3;

export interface SessionExecOptions extends ExecOptions {
  /** Stops the process group of this shell; settles when that is done or given up. */
  stop(pid: Promise<number | undefined>): Promise<void>;
}

/** Everything that lives exactly as long as one connection. Owns the connection, its channels and its parked shells. */
export class Session implements AsyncDisposable {
  readonly #channels: Channels;
  readonly #parking: Parking;
  #calls = 0;

  constructor(
    readonly connection: Connection,
    options: ParkingOptions,
  ) {
    this.#channels = new Channels(connection, () => this.#parking.turnAway(this.#calls - this.limit));
    this.#parking = new Parking(connection, this.#channels, options);
  }

  /** Channels that the server is known to allow at once. */
  get limit(): number {
    return this.#channels.limit;
  }

  /** Calls that would find a channel now, parked shells and children left in the background aside: those make room. */
  get free(): number {
    return this.connection.ended.aborted ? 0 : Math.max(0, this.limit - this.#calls);
  }

  /** True when a call would find a parked shell. */
  get hasReady(): boolean {
    return this.#parking.hasReady;
  }

  get isIdle(): boolean {
    return this.#calls === 0;
  }

  warm(): void {
    void this.#parking.fill();
  }

  /** Counts a call that is about to come; returns the function that ends it. */
  enter(): () => void {
    this.#calls++;
    return () => {
      this.#calls--;
    };
  }

  /** Rejects when the command was certainly not run; with `noRoom` when another place has to be found for it. */
  async exec(framed: Frame, options: SessionExecOptions): Promise<ExecResult> {
    this.connection.check();
    let noise = "";
    for (let attempt = 0; attempt < attempts; attempt++) {
      const shell = await this.#parking.take(options);
      await this.#channels.begin(shell.channel);
      const outcome = await run(this.connection, shell, framed, options);
      this.#channels.done(shell.channel);
      if (outcome.kind === "done") return outcome.result;
      if (outcome.kind === "no-cwd") throw this.#noSuchDirectory(options.cwd);
      noise = outcome.noise;
    }
    throw notPosix(this.connection.target, noise, "ended");
  }

  /** Closes the parked shells and the connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { host } = this.connection.target;
    this.#parking.close(new RemoteError("closed", `The connection to ${host} was closed.`, { host }));
    await this.connection[Symbol.asyncDispose]();
  }

  #noSuchDirectory(cwd: string | undefined): RemoteError {
    const { host } = this.connection.target;
    const message = `Cannot enter the directory ${cwd} on ${host}; check that it exists and that the account may enter it.`;
    return new RemoteError("not_found", message, { host, path: cwd });
  }
}
