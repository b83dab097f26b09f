import type { ClientCallback, ClientChannel } from "ssh2";
import { RemoteError } from "../remote/error.ts";
import { type Deferred, deferred } from "../util/deferred.ts";
import type { Connection } from "./connect.ts";
import { translateSshError } from "./errors.ts";

/** OpenSSH's default `MaxSessions` (sshd_config(5)); the server's own refusal corrects it downwards. */
const defaultMaxChannels = 10;

/**
 * Dropbear closes a session that has no process yet whenever a process of another session ends (its `check_close`, as of
 * 2022.83; measured: 13 of 60 under load). The command of such a session certainly did not run.
 */
const dropbearAttempts = 10;

/**
 * Opens session channels on one connection, never more at once than the server lets us: a refused channel was certainly not
 * opened, so its request waits for another channel to end instead of failing.
 */
export class Channels {
  #open = 0;
  #limit = defaultMaxChannels;
  #waiting: Deferred<void>[] = [];
  readonly #dropbear: boolean;
  /** Under Dropbear one session is opened after the other, so that few are without a process at any time. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly connection: Connection) {
    this.#dropbear = isDropbear(connection);
  }

  /** Channels that this server is known to allow at once. */
  get limit(): number {
    return this.#limit;
  }

  /** True when a further channel would not have to wait. */
  get hasRoom(): boolean {
    return this.#open < this.#limit;
  }

  /** A channel that runs `command`; its slot is given back when it closes. */
  async open(command: string): Promise<ClientChannel> {
    for (;;) {
      while (!this.hasRoom) {
        const turn = deferred<void>();
        this.#waiting.push(turn);
        await Promise.race([turn.promise, this.#lost()]);
      }
      this.#open++;
      const channel = await this.#start(command).catch((cause: unknown) => {
        this.#release();
        throw cause;
      });
      if (channel) {
        channel.once("close", () => this.#release());
        return channel;
      }
      this.#open--;
      this.#limit = Math.max(1, this.#open);
    }
  }

  /** Undefined when the server refuses a further channel while others are open. */
  #start(command: string): Promise<ClientChannel | undefined> {
    const start = () => Promise.race([this.#exec(command), this.#lost()]);
    if (!this.#dropbear) return start();
    const mine = this.#last.then(async () => {
      for (let left = dropbearAttempts - 1; ; left--) {
        try {
          return await start();
        } catch (error) {
          if (left === 0 || !(error instanceof RemoteError && error.code === "unsupported")) throw error;
        }
      }
    });
    this.#last = mine.catch(() => {});
    return mine;
  }

  #exec(command: string): Promise<ClientChannel | undefined> {
    const result = deferred<ClientChannel | undefined>();
    const refused = (error: unknown) => result.reject(translateSshError(error, this.connection.target));
    const answered: ClientCallback = (error, channel) => {
      if (!error) {
        // Without a listener an error event would end the process; the close event that follows is what callers act on.
        channel.on("error", () => {});
        result.resolve(channel);
      } else if ("reason" in error && this.#open > 1) result.resolve(undefined);
      else refused(error);
    };
    try {
      this.connection.client.exec(command, answered);
    } catch (error) {
      // ssh2 throws when its socket is gone already.
      refused(error);
    }
    return result.promise;
  }

  async #lost(): Promise<never> {
    throw await this.connection.closed;
  }

  #release(): void {
    this.#open--;
    this.#waiting.shift()?.resolve();
  }
}

export const isDropbear = (connection: Connection): boolean => /dropbear/i.test(connection.serverIdent);
