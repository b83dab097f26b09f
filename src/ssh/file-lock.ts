import { open, realpath, rm, stat } from "node:fs/promises";
import { pause } from "../util/pause.ts";

/**
 * Milliseconds that a lock may stand unchanged: its owner holds it for one read and one write of a small file. Measured by
 * our own clock, for the file's may be that of another machine, and may have stood still while a laptop slept.
 */
const patienceMs = 2_000;
/** Milliseconds in all, however often the lock changes hands meanwhile. */
const limitMs = 5_000;
const pollMs = 20;

/**
 * Runs `work` while `<file>.lock` exists and is ours. The wait is bounded: then, and where no lock can be made, `work` runs
 * all the same, so it must be safe without, too; the lock only keeps cautious writers apart. A lock whose owner died is
 * cleared away. Anything but a regular file (`/dev/null`) needs no lock. Rejects with the signal's reason.
 */
export async function whileLocked<T>(
  file: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const found = await stat(file).catch(() => undefined);
  if (found && !found.isFile()) return await work();
  // Whoever comes by way of a link must meet those who do not.
  const lock = `${await realpath(file).catch(() => file)}.lock`;
  const own = await acquire(lock, signal);
  try {
    return await work();
  } finally {
    // One that was cleared away as another's remains is no longer ours to remove.
    if (own !== undefined && (await identityOf(lock)) === own) await rm(lock, { force: true });
  }
}

/** The identity of our lock, or undefined when there is none to be had. */
async function acquire(lock: string, signal: AbortSignal | undefined): Promise<string | undefined> {
  const start = performance.now();
  let seen: string | undefined;
  let since = start;
  for (;;) {
    signal?.throwIfAborted();
    const taken = await take(lock);
    if (taken !== "busy") return taken;
    const now = performance.now();
    const held = await identityOf(lock);
    if (held !== seen) {
      seen = held;
      since = now;
    }
    if (held !== undefined && now - since > patienceMs) {
      // Taking it over would let two waiters in, each of them sure to be alone.
      if ((await identityOf(lock)) === held) await rm(lock, { force: true }).catch(() => undefined);
      return undefined;
    }
    if (now - start > limitMs) return undefined;
    await pause(pollMs, signal ?? new AbortController().signal);
  }
}

async function take(lock: string): Promise<string | undefined> {
  try {
    const handle = await open(lock, "wx", 0o600);
    await handle.close();
    return await identityOf(lock);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return code === "EEXIST" ? "busy" : undefined;
  }
}

/** Tells two locks of the same name apart. */
async function identityOf(lock: string): Promise<string | undefined> {
  const found = await stat(lock, { bigint: true }).catch(() => undefined);
  return found && `${found.dev}:${found.ino}:${found.mtimeNs}`;
}
