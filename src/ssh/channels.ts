import type { ClientCallback, ClientChannel } from "ssh2";
import { RemoteError } from "../remote/error.ts";
import { raceAbort } from "../util/abort.ts";
import { type Deferred, deferred } from "../util/deferred.ts";
import { pause } from "../util/pause.ts";
import type { Connection } from "./connect.ts";
import { translateSshError } from "./errors.ts";
import { withoutForwarding } from "./forward-agent.ts";
import { Phases } from "./phases.ts";

/** OpenSSH's default `MaxSessions` (sshd_config(5)); the server's own refusal corrects it downwards. */
const defaultMaxChannels = 10;

/**
 * A refusal lowers the limit; so long after the last one (ms) it may have been a session that was just ending, and one more
 * is tried.
 */
const refusalCountsMs = 30_000;

/**
 * A server may count a session for a moment longer than we do: a refusal so soon (ms) after one of ours ended is no news
 * about its limit. After such a pause (ms) it is asked again, a few times.
 */
const settlingMs = 500;
const settlingPauseMs = 100;
const settlingAttempts = 3;
/** With nothing else open, a refusal cannot mean anything else; 3 s in all, for those that come later less. */
const lonelyAttempts = 30;

/** Milliseconds in which the end of a connection is told whose socket is gone. */
const goneMs = 500;

/** RFC 4254, section 5.1: SSH_OPEN_CONNECT_FAILED, which OpenSSH says at MaxSessions, and SSH_OPEN_RESOURCE_SHORTAGE. */
const shortage: readonly unknown[] = [2, 4];

/**
 * Dropbear closes a session that has no process yet whenever a process of another session ends (its `check_close`, as of
 * 2022.83; measured: 13 of 60 under load). The command of such a session certainly did not run.
 */
const dropbearAttempts = 10;

/** A command under Dropbear counts as one that may end at any moment for so long (ms); most do. */
const mayEndMs = 1_000;

/**
 * Opens session channels on one connection, never more at once than the server lets us: a refused channel was certainly not
 * opened, so its request waits for another channel to end instead of failing.
 */
export class Channels {
  /** Channels that are open or being opened. */
  #open = 0;
  /** Those that are open. ssh2 says `close` once and does not mark the channel. */
  readonly #live = new Set<ClientChannel>();
  #limit = defaultMaxChannels;
  #refusedAt = 0;
  #closedAt = Number.NEGATIVE_INFINITY;
  /** The server gave no channel at all when it was asked last. */
  #isBarren = false;
  #waiting: Deferred<void>[] = [];
  /** Channels whose command is done while a background child of it still holds them open; oldest first. */
  readonly #idle = new Set<ClientChannel>();
  /** Only under Dropbear. */
  readonly #phases: Phases | undefined;
  /** Under Dropbear one session is opened after the other, so that few are without a process at any time. */
  #last: Promise<unknown> = Promise.resolve();

  /** `onFewer`: the server allows fewer channels than it was known to. */
  constructor(
    private readonly connection: Connection,
    private readonly onFewer: () => void,
  ) {
    this.#phases = isDropbear(connection) ? new Phases() : undefined;
  }

  /** Channels that this server is known to allow at once. */
  get limit(): number {
    if (this.#limit < defaultMaxChannels && performance.now() - this.#refusedAt > refusalCountsMs) {
      this.#limit++;
      this.#refusedAt = performance.now();
    }
    return this.#limit;
  }

  /** True when a further channel would not have to wait. */
  get hasRoom(): boolean {
    return this.#open < this.limit;
  }

  /** A channel that runs `command`; its slot is given back when it closes. */
  async open(command: string): Promise<ClientChannel> {
    for (let refusals = 1; ; refusals++) {
      while (!this.hasRoom) {
        this.#idle.values().next().value?.close();
        const turn = deferred<void>();
        this.#waiting.push(turn);
        await raceAbort(turn.promise, this.connection.ended);
      }
      this.#open++;
      const channel = await this.#start(command).catch((cause: unknown) => {
        this.#release();
        throw cause;
      });
      if (!(channel instanceof RemoteError)) {
        this.#isBarren = false;
        this.#live.add(channel);
        channel.once("close", () => {
          this.#live.delete(channel);
          this.#idle.delete(channel);
          this.#release();
        });
        return channel;
      }
      this.#open--;
      const isSettling = performance.now() - this.#closedAt < settlingMs && refusals <= settlingAttempts;
      if (this.#open === 0 && refusals >= (this.#isBarren ? settlingAttempts : lonelyAttempts)) {
        this.#isBarren = true;
        // Nothing is open whose end could wake the others up.
        for (const turn of this.#waiting.splice(0)) turn.reject(channel);
        throw channel;
      }
      if (this.#open === 0 || isSettling) await pause(settlingPauseMs, this.connection.ended);
      if (isSettling) continue;
      this.#limit = Math.max(1, this.#open);
      this.#refusedAt = performance.now();
      this.onFewer();
    }
  }

  /** To be awaited before a command begins on this channel. */
  async begin(channel: ClientChannel): Promise<void> {
    if (!this.#phases) return;
    const leave = await raceAbort(this.#phases.enter("running"), this.connection.ended);
    // What runs longer may end at any moment, but hardly in the next one.
    const timer = setTimeout(leave, mayEndMs).unref();
    channel.once("close", () => {
      clearTimeout(timer);
      leave();
    });
    if (!this.#live.has(channel)) leave();
  }

  /**
   * The command of this channel is done. A child that it left in the background may still write to it, so it stays open
   * until the slot is needed.
   */
  done(channel: ClientChannel): void {
    if (!this.#live.has(channel)) return;
    this.#idle.add(channel);
    if (this.#waiting.length > 0) channel.close();
  }

  /** An error as the value: the server has no room for a further channel. */
  #start(command: string): Promise<ClientChannel | RemoteError> {
    const start = () => raceAbort(this.#exec(command), this.connection.ended);
    const phases = this.#phases;
    if (!phases) return start();
    const mine = this.#last.then(async () => {
      for (let left = dropbearAttempts - 1; ; left--) {
        const leave = await raceAbort(phases.enter("opening"), this.connection.ended);
        try {
          return await start();
        } catch (error) {
          if (left === 0 || !(error instanceof RemoteError && error.code === "unsupported")) throw error;
        } finally {
          leave();
        }
      }
    });
    this.#last = mine.catch(() => {});
    return mine;
  }

  #exec(command: string): Promise<ClientChannel | RemoteError> {
    const result = deferred<ClientChannel | RemoteError>();
    const refused = (error: unknown) => result.reject(translateSshError(error, this.connection.target));
    const answered: ClientCallback = (error, channel) => {
      if (!error) {
        // Without a listener an error event would end the process; the close event that follows is what callers act on.
        channel.on("error", () => {});
        result.resolve(channel);
      } else if ("reason" in error && shortage.includes(error.reason)) {
        result.resolve(translateSshError(error, this.connection.target));
      } else if (withoutForwarding(this.connection.client, error)) send();
      else refused(error);
    };
    const send = () => {
      try {
        // Sent ahead without waiting for an answer; the server takes what its AcceptEnv names.
        const env = this.connection.target.environment;
        this.connection.client.exec(command, { env }, answered);
      } catch (error) {
        // ssh2 throws when its socket is gone already; that the connection ended, and why, is told a moment later.
        setTimeout(refused, goneMs, error).unref();
      }
    };
    send();
    return result.promise;
  }

  #release(): void {
    this.#open--;
    this.#closedAt = performance.now();
    this.#waiting.shift()?.resolve();
  }
}

export const isDropbear = (connection: Connection): boolean => /dropbear/i.test(connection.serverIdent);
