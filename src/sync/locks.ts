/** Runs tasks of one key one after the other, tasks of different keys side by side. */
export interface KeyedLocks {
  /** Resolves when the key is free, with the function that frees it again (calling it twice is harmless). */
  lock(key: string): Promise<() => void>;
}

export function keyedLocks(): KeyedLocks {
  const tails = new Map<string, Promise<void>>();
  return {
    async lock(key) {
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
      await before;
      return free;
    },
  };
}
