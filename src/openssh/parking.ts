import { parkCommand, parkCommandInOwnGroup } from "../posix/frame.ts";
import { RemoteError } from "../remote/error.ts";
import { type Deferred, deferred } from "../util/deferred.ts";
import { pause } from "../util/pause.ts";
import type { Master } from "./master.ts";
import { openShell, type ParkedShell } from "./shell.ts";

export interface ParkingOptions {
  /** Shells kept waiting. */
  size: number;
  /** Milliseconds between two shells opened in advance. */
  staggerMs: number;
}

/** OpenSSH's default `MaxSessions` (sshd_config(5)); the server's own refusal corrects it downwards. */
const defaultMaxSessions = 10;

/** A refusal may have been a session that was just ending: so long after the last one (ms) one more is tried. */
const refusalCountsMs = 30_000;

/**
 * With nothing else open, a refusal can only mean that the server has not noticed the end of the last session yet. It is
 * asked again after such a pause (ms), which grows by as much each time; 4 s in all.
 */
const lonelyAttempts = 20;
const lonelyPauseMs = 20;

/**
 * Shells that already run and wait for one line, so that a command costs one round trip. Never more sessions at once than
 * the server allows: a call waits for another session to end. Each shell is used once.
 */
export class Parking {
  #ready: ParkedShell[] = [];
  #waiting: Deferred<ParkedShell>[] = [];
  /** Sessions whose command is done while a background child of it holds them open; oldest first. */
  readonly #idle = new Set<ParkedShell>();
  #open = 0;
  #opening = 0;
  #limit = defaultMaxSessions;
  #refusedAt = 0;
  #lonely = 0;
  #closed: RemoteError | undefined;
  readonly #command: string;

  constructor(
    private readonly master: Master,
    private readonly options: ParkingOptions,
  ) {
    this.#command = master.facts.isDropbear ? parkCommandInOwnGroup : parkCommand;
    void master.closed.then((reason) => this.close(reason));
  }

  /** Sessions that this server is known to allow at once. */
  get limit(): number {
    if (this.#limit < defaultMaxSessions && performance.now() - this.#refusedAt > refusalCountsMs) {
      this.#limit++;
      this.#refusedAt = performance.now();
    }
    return this.#limit;
  }

  /** True when a call would not have to wait for another one. */
  get hasRoom(): boolean {
    return this.#ready.length > 0 || this.#open < this.limit;
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
    const next = shell.isOver ? undefined : this.#waiting.shift();
    if (next) next.resolve(shell);
    else if (this.#closed || shell.isOver || this.#ready.length >= this.options.size) shell.release();
    else this.#ready.push(shell);
  }

  /** The command of this shell is done; it stays open for what its children write until the session is needed. */
  done(shell: ParkedShell): void {
    if (shell.isOver) return;
    this.#idle.add(shell);
    void shell.channel.closed.then(() => this.#idle.delete(shell));
    if (this.#waiting.length > 0) void this.fill();
  }

  /** Opens a shell for every waiting call, then parks more until the lot is full. */
  async fill(): Promise<void> {
    while (this.#wantsMore()) {
      const opened = this.#openOne();
      // Without this a machine on which no shell ever waits would be asked for ever.
      if (this.master.facts.isDropbear && !(await opened)) return;
      if (!this.options.staggerMs || this.#waiting.length > 0) continue;
      if (!(await opened)) return;
      await pause(this.options.staggerMs, this.master.ended).catch(() => {});
    }
  }

  close(reason: RemoteError): void {
    this.#closed ??= reason;
    for (const shell of this.#ready.splice(0)) shell.release();
    for (const shell of this.#idle) shell.close();
    for (const turn of this.#waiting.splice(0)) turn.reject(reason);
  }

  #wantsMore(): boolean {
    if (this.#closed) return false;
    // Dropbear closes a session that has no process yet when another one's ends, so few are opened at a time.
    if (this.master.facts.isDropbear && this.#opening > 0) return false;
    const calls = this.#waiting.length - this.#opening;
    if (this.#open >= this.limit) {
      if (calls > 0) this.#idle.values().next().value?.close();
      return false;
    }
    return calls + this.options.size > this.#ready.length;
  }

  /** False when no shell came of it. */
  async #openOne(): Promise<boolean> {
    this.#open++;
    this.#opening++;
    const shell = await openShell(this.master, this.#command).catch((error: unknown) => ({ error }));
    this.#opening--;
    if ("error" in shell) {
      this.#failed(shell.error);
      return false;
    }
    if (shell instanceof RemoteError) {
      await this.#refused(shell);
      return true;
    }
    this.#lonely = 0;
    void shell.channel.closed.then(() => {
      this.#open--;
      const isUsed = !this.#ready.includes(shell);
      this.#ready = this.#ready.filter((other) => other !== shell);
      // Its session may be the one that refilling waits for. Shells that die unused are not replaced: the next would, too.
      if (isUsed || this.#waiting.length > 0) setImmediate(() => void this.fill());
    });
    this.giveBack(shell);
    return true;
  }

  /** One that was opened in advance fails in silence; a call that waits is told, unless another one may still serve it. */
  #failed(error: unknown): void {
    this.#open--;
    if (this.#opening < this.#waiting.length) this.#waiting.shift()?.reject(error);
  }

  async #refused(reason: RemoteError): Promise<void> {
    this.#open--;
    this.#limit = Math.max(1, this.#open);
    this.#refusedAt = performance.now();
    // A call that waits for this one gets the session of a command that is done.
    if (this.#open > 0) return await this.fill();
    if (++this.#lonely === lonelyAttempts) {
      this.#lonely = 0;
      this.#waiting.shift()?.reject(reason);
      return;
    }
    await pause(lonelyPauseMs * this.#lonely, this.master.ended).catch(() => {});
    if (this.#waiting.length > 0) void this.fill();
  }
}
