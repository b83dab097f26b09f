import { type Deferred, deferred } from "../util/deferred.ts";

type Phase = "opening" | "running";

/**
 * Dropbear (2022.83) mixes up its sessions when the process of one ends while another one has none yet: it closes that other
 * one, or, when the request for its process is already under way, fails an assertion and dies with every session of the
 * connection (measured under load: 3 of 100 commands). So no channel is opened while a command may end, and no command
 * begins while a channel is being opened. Commands that wait go before channels that wait.
 */
export class Phases {
  readonly #inside: Record<Phase, number> = { opening: 0, running: 0 };
  readonly #waiting: Record<Phase, Deferred<void>[]> = { opening: [], running: [] };

  /** Waits for the other phase to end; returns the function that leaves this one, which may be called again. */
  async enter(phase: Phase): Promise<() => void> {
    while (this.#inside[other(phase)] > 0) {
      const turn = deferred<void>();
      this.#waiting[phase].push(turn);
      await turn.promise;
    }
    this.#inside[phase]++;
    let hasLeft = false;
    return () => {
      if (hasLeft) return;
      hasLeft = true;
      if (--this.#inside[phase] > 0) return;
      for (const next of ["running", "opening"] as const) {
        for (const turn of this.#waiting[next].splice(0)) turn.resolve();
      }
    };
  }
}

const other = (phase: Phase): Phase => (phase === "opening" ? "running" : "opening");
