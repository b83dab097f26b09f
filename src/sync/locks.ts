import { raceAbort } from "../util/abort.ts";

/** Runs tasks of one key one after the other, tasks of different keys side by side. */
export interface KeyedLocks {
  /**
   * Resolves when the key is free, with the function that frees it again (calling it twice is harmless). Rejects with the
   * signal's reason when it aborts first; the place in the queue is then given up.
   */
  lock(key: string, signal?: AbortSignal): Promise<() => void>;
}

export function keyedLocks(): KeyedLocks {
  const tails = new Map<string, Promise<void>>();
  return {
    async lock(key, signal) {
      const before = tails.get(key);
      let free = () => {};
      const mine = new Promise<void>((resolve) => {
        free = resolve;
      });
      const tail = (before ?? Promise.resolve()).then(() => mine);
      tails.set(key, tail);
      void tail.then(() => {
        if (tails.get(key) === tail) tails.delete(key);
      });
      try {
        await raceAbort(before ?? Promise.resolve(), signal);
        return free;
      } catch (reason) {
        free();
        throw reason;
      }
    },
  };
}
