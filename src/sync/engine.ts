import { chmod, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { baselineOf, sha256 } from "../remote/baseline.ts";
import { RemoteError } from "../remote/error.ts";
import type { Baseline, Change, Committed, ReadResult, RemoteFiles, RemoteStat } from "../remote/files.ts";
import type { RemotePath } from "../remote/path.ts";
import { openManifest } from "./manifest.ts";
import { mirrorPath } from "./path-mapper.ts";
import { planPull, planStore } from "./plan.ts";
import { readPrivate, writePrivate } from "./private-file.ts";

/** Larger files are not moved whole; the tools say so and point at commands. Bytes. */
export const maxMirrored = 64 * 1024 * 1024;

export interface PulledFile {
  kind: "file";
  realPath: RemotePath;
  stat: RemoteStat;
  content: Buffer;
  baseline: Baseline;
}
export type Pulled = PulledFile | Extract<ReadResult, { kind: "absent" | "directory" }>;

/** Keeps the local mirror of one workspace in step with the remote. Callers lock a path; the engine does not. */
export interface SyncEngine {
  /** The remote's present state of a path; content travels only when the mirror does not have it already. */
  pull(path: RemotePath, signal?: AbortSignal): Promise<Pulled>;
  /** Commits on the remote, then brings the mirror up to date. */
  commit(changes: readonly Change[], signal?: AbortSignal): Promise<Committed[]>;
  flush(): Promise<void>;
}

export interface SyncOptions {
  files: RemoteFiles;
  /** Directory of this target's mirror; made with mode 0700. Its name must tell user, host, port and host key apart. */
  mirror: string;
  root: RemotePath;
}

export async function openSyncEngine({ files, mirror, root }: SyncOptions): Promise<SyncEngine> {
  await mkdir(mirror, { recursive: true, mode: 0o700 })
    .then(() => chmod(mirror, 0o700))
    .catch(() => {}); // As for every write to the mirror, see `store`.
  const manifest = await openManifest(join(mirror, "manifest.json"));
  const local = (path: RemotePath) => mirrorPath(mirror, root, path);

  /** The mirror is a cache: a full or broken local disk costs transfers, never the user's work. */
  const store = async (path: RemotePath, realPath: RemotePath, content: Buffer, baseline: Baseline) => {
    try {
      await writePrivate(local(path), content);
      manifest.set(path, { ...baseline, realPath });
    } catch {
      manifest.set(path, undefined);
    }
  };
  const forget = async (path: RemotePath) => {
    manifest.set(path, undefined);
    await rm(local(path), { force: true }).catch(() => {});
  };

  const pull = async (path: RemotePath, signal?: AbortSignal): Promise<Pulled> => {
    const entry = manifest.get(path);
    const held = entry && (await readPrivate(local(path)));
    const known = planPull(entry, held && { size: held.length, sha256: sha256(held) });
    const answer = await files.read(path, { known, maxBytes: maxMirrored, signal });
    const action = planStore(answer.kind, entry);
    if (action === "forget") await forget(path);
    if (answer.kind === "unchanged") {
      if (!held || !entry)
        throw new RemoteError("protocol", `The remote calls ${path} unchanged, which nobody has read yet.`);
      return { ...answer, kind: "file", content: held, baseline: entry };
    }
    if (answer.kind !== "file") return answer;
    const content = Buffer.from(answer.content);
    const baseline = baselineOf(content, answer.stat.token);
    await store(path, answer.realPath, content, baseline);
    return { ...answer, content, baseline };
  };

  return {
    pull,
    async commit(changes, signal) {
      const done = await files.commit(changes, { signal });
      for (const [i, { path, baseline }] of done.entries()) {
        const change = changes[i];
        if (baseline && change?.kind === "write") await store(path, path, Buffer.from(change.content), baseline);
        else await forget(path);
      }
      return done;
    },
    flush: () => manifest.flush(),
  };
}
