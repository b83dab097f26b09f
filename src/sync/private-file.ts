import { constants } from "node:fs";
import { lstat, mkdir, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import writeFileAtomic from "write-file-atomic";

/** The bytes of a file of the mirror; undefined when there is none. Never follows a link that somebody planted. */
export async function readPrivate(path: string): Promise<Buffer | undefined> {
  try {
    const handle = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    try {
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch {
    return;
  }
}

/**
 * Replaces a file of the mirror by rename, mode 0600; missing directories are made with 0700. Readers see the old or the new
 * content. Not synced: a crash costs a transfer. A link that somebody planted goes instead of being written through.
 */
export async function writePrivate(path: string, content: Buffer | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // The library resolves links before it renames.
  const link = await lstat(path).then(
    (stat) => stat.isSymbolicLink(),
    () => false,
  );
  if (link) await rm(path);
  await writeFileAtomic(path, content, { mode: 0o600, fsync: false });
}
