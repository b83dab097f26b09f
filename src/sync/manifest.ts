import * as z from "zod";
import type { RemotePath } from "../remote/path.ts";
import { readPrivate, writePrivate } from "./private-file.ts";

const entry = z.object({
  /** Where the name led when it was read. */
  realPath: z.string(),
  size: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  cksum: z.number().int().nonnegative(),
  token: z.string(),
});
const file = z.object({ version: z.literal(1), files: z.record(z.string(), entry) });

/** The baseline of one mirrored file: what the remote held when mirror and remote were last known to agree. */
export type ManifestEntry = z.infer<typeof entry>;

/**
 * The baselines of a mirror. Only a hint: each entry is checked against the mirror and revalidated by the remote before it
 * counts, so a broken, foreign or stale file costs a transfer and nothing else.
 */
export interface Manifest {
  get(path: RemotePath): ManifestEntry | undefined;
  set(path: RemotePath, entry: ManifestEntry | undefined): void;
  /** Writes what changed, atomically, mode 0600. A full disk loses the hints, not the session. */
  flush(): Promise<void>;
}

/** Saves are gathered for so long (ms): a burst of reads is one write. */
const saveDelayMs = 500;

export async function openManifest(path: string): Promise<Manifest> {
  const files = new Map(Object.entries(await load(path)));
  let timer: NodeJS.Timeout | undefined;
  let saving: Promise<void> = Promise.resolve();

  const save = async () => {
    const text = JSON.stringify({ version: 1, files: Object.fromEntries(files) });
    await writePrivate(path, text).catch(() => {});
  };

  const flush = () => {
    if (timer) {
      clearTimeout(timer);
      timer = undefined;
      saving = saving.then(save);
    }
    return saving;
  };

  return {
    get: (name) => files.get(name),
    set(name, value) {
      if (value) files.set(name, value);
      else files.delete(name);
      timer ??= setTimeout(() => void flush(), saveDelayMs).unref();
    },
    flush,
  };
}

async function load(path: string): Promise<Record<string, ManifestEntry>> {
  try {
    return file.parse(JSON.parse((await readPrivate(path))?.toString("utf8") ?? "")).files;
  } catch {
    return {};
  }
}
