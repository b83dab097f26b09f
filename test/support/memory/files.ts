import type { ReadResult, RemoteEntry, RemoteFiles } from "../../../src/remote/files.ts";
import { type RemotePath, remotePath } from "../../../src/remote/path.ts";
import { liesBelowFile, refuse } from "./checks.ts";
import { memoryCommit } from "./commit.ts";
import type { TrackedFs } from "./file-system.ts";

/** RemoteFiles in memory. `live` connects if needed. */
export function memoryFiles(fs: TrackedFs, live: () => Promise<unknown>): RemoteFiles {
  let lastCommit: Promise<unknown> = Promise.resolve();

  const ready = async (signal: AbortSignal | undefined) => {
    signal?.throwIfAborted();
    await live();
    signal?.throwIfAborted();
  };

  const entries = async (dir: RemotePath): Promise<RemoteEntry[]> =>
    await Promise.all(
      (await fs.readdir(dir)).map(async (name) => {
        const path = remotePath(name, dir);
        const node = await fs.node(path);
        const directory = node.kind === "directory";
        if ((await fs.lstat(path)).isSymbolicLink) return { name, type: "link" as const, directory };
        return { name, type: "stat" in node ? node.stat.type : ("other" as const), directory };
      }),
    );

  const read: RemoteFiles["read"] = async (path, { known, maxBytes, signal }): Promise<ReadResult> => {
    await ready(signal);
    const node = await fs.node(path);
    if (!("stat" in node)) {
      if (node.kind === "dangling") throw refuse("not_found", path, "it is a link to nothing");
      if (await liesBelowFile(fs, path)) throw refuse("not_a_directory", path, "it lies below a file");
      return { kind: "absent" };
    }
    if (node.kind === "directory") return { kind: "directory", path: node.real, entries: await entries(node.real) };
    if (node.kind === "special") throw refuse("not_regular", path, "it is a device");
    const { stat, real } = node;
    if (stat.token === known) return { kind: "unchanged", stat, realPath: real };
    if (stat.size > maxBytes) throw refuse("too_large", path, "it is too large");
    const content = Uint8Array.from(await fs.readFileBuffer(real));
    const after = await fs.node(real);
    if (after.kind === "file" && after.stat.token === stat.token)
      return { kind: "file", stat, realPath: real, content };
    return await read(path, { known, maxBytes, signal });
  };

  return {
    async stat(path, options) {
      await ready(options?.signal);
      const node = await fs.node(path);
      return "stat" in node ? node.stat : undefined;
    },
    read,
    async list(path, options) {
      await ready(options?.signal);
      const node = await fs.node(path);
      if (node.kind === "directory") return await entries(node.real);
      if (node.kind === "absent" || node.kind === "dangling") throw refuse("not_found", path, "it does not exist");
      throw refuse("not_a_directory", path, "it is a file");
    },
    async realpath(path, options) {
      await ready(options?.signal);
      const node = await fs.node(path);
      return "real" in node ? node.real : undefined;
    },
    async commit(changes, options) {
      await ready(options?.signal);
      const mine = lastCommit.then(() => memoryCommit(fs, changes));
      lastCommit = mine.catch(() => {});
      return await mine;
    },
  };
}
