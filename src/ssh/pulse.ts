/** Milliseconds. */
export interface PulseTimes {
  /** A line on which nothing was heard for so long is asked whether it is alive before it is trusted again. */
  quietMs: number;
  /** So long it may take to say anything at all; with the call's own round trip less than 15 s. */
  answerMs: number;
  /** How often the clock is looked at. */
  tickMs: number;
  /** A look that comes so much too late was delayed by sleep: addresses and connections may be gone. */
  lateMs: number;
}

export const pulseTimes: PulseTimes = { quietMs: 5_000, answerMs: 10_000, tickMs: 5_000, lateMs: 10_000 };

/** Milliseconds in which is read what came in while this process itself was busy. */
const readMs = 100;

export interface PulseOptions {
  /** Sends something that the other side must answer. */
  ask(): void;
  /** It did not say anything in time. */
  silent(): void;
  /** Bytes that wait to be sent; fewer of them than before are a sign of life, too. */
  unsent(): number;
  times?: Partial<PulseTimes>;
}

/**
 * Finds out within seconds whether a connection is alive, where keepalives need half a minute. It costs nothing while data
 * comes in. Times are taken from the wall clock: on Linux the other clocks stand still while the machine sleeps.
 */
export class Pulse {
  #heardAt = Date.now();
  #lookedAt = Date.now();
  #asking: NodeJS.Timeout | undefined;
  readonly #ticking: NodeJS.Timeout;
  readonly #times: PulseTimes;

  constructor(private readonly options: PulseOptions) {
    this.#times = { ...pulseTimes, ...options.times };
    this.#ticking = setInterval(() => this.#look(), this.#times.tickMs);
    this.#ticking.unref();
  }

  /** Something came in. */
  heard(): void {
    this.#heardAt = Date.now();
    clearTimeout(this.#asking);
    this.#asking = undefined;
  }

  /** Asks the other side if it was quiet for long. The call that wants to know goes on meanwhile. */
  check(): void {
    const quietMs = Date.now() - this.#heardAt;
    // Negative when somebody set the clock: then nothing is known.
    if (quietMs < 0 || quietMs > this.#times.quietMs) this.#ask();
  }

  stop(): void {
    clearInterval(this.#ticking);
    clearTimeout(this.#asking);
    this.#asking = undefined;
  }

  #look(): void {
    const lateMs = Date.now() - this.#lookedAt - this.#times.tickMs;
    this.#lookedAt = Date.now();
    if (Math.abs(lateMs) > this.#times.lateMs) this.check();
  }

  #ask(): void {
    if (this.#asking) return;
    this.options.ask();
    this.#wait();
  }

  #after(ms: number, act: () => void): void {
    this.#asking = setTimeout(act, ms);
    this.#asking.unref();
  }

  #wait(): void {
    const unsent = this.options.unsent();
    const askedAt = Date.now();
    const decide = () => {
      this.#asking = undefined;
      const slept = Date.now() - askedAt > this.#times.answerMs + this.#times.lateMs;
      // An answer may wait to be read since the machine woke up.
      if (slept) this.#ask();
      else if (this.options.unsent() < unsent) this.#wait();
      else this.options.silent();
    };
    this.#after(this.#times.answerMs, () => this.#after(readMs, decide));
  }
}
