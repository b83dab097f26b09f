import { onAbort } from "./abort.ts";

/** The longest that a timer of JavaScript can wait (ms, 24 days); a longer one would fire at once. */
export const longestTimerMs = 2 ** 31 - 1;

/** Resolves after so many milliseconds; rejects with the signal's reason at once, leaving no timer behind. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      off();
      resolve();
    }, ms);
    const off = onAbort(signal, () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
