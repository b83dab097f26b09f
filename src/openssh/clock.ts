/** A time limit (ms) that stands still while a person thinks. */
export class Clock {
  #leftMs: number;
  #since = 0;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(
    limitMs: number,
    private readonly expired: () => void,
  ) {
    this.#leftMs = limitMs;
    this.#start();
  }

  async standStill<T>(work: () => Promise<T>): Promise<T> {
    this.#stop();
    try {
      return await work();
    } finally {
      this.#start();
    }
  }

  /** Stops it for good. */
  end(): void {
    this.#isOver = true;
    this.#stop();
  }

  #start(): void {
    if (this.#isOver || this.#timer) return;
    this.#since = performance.now();
    this.#timer = setTimeout(
      () => {
        this.#isOver = true;
        this.expired();
      },
      Math.max(0, this.#leftMs),
    );
  }

  #stop(): void {
    if (!this.#timer) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#leftMs -= performance.now() - this.#since;
  }
}
