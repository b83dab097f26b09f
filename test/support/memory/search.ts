import picomatch from "picomatch";
import { basename, type RemotePath, relative, remotePath } from "../../../src/remote/path.ts";
import type { GrepMatch, RemoteSearch } from "../../../src/remote/search.ts";
import { refuse } from "./checks.ts";
import type { TrackedFs } from "./file-system.ts";

/** RemoteSearch in memory: picomatch for globs, RegExp for patterns. Ignore files are not honoured. */
export function memorySearch(fs: TrackedFs, live: () => Promise<unknown>): RemoteSearch {
  const start = async (dir: RemotePath, signal: AbortSignal | undefined): Promise<RemotePath[]> => {
    signal?.throwIfAborted();
    await live();
    signal?.throwIfAborted();
    const node = await fs.node(dir);
    if (!("stat" in node)) throw refuse("not_found", dir, "it does not exist");
    if (node.kind !== "directory") throw refuse("not_a_directory", dir, "it is not a directory");
    return await walk(dir);
  };

  const walk = async (dir: RemotePath): Promise<RemotePath[]> => {
    const found: RemotePath[] = [];
    for (const name of (await fs.readdir(dir)).sort()) {
      const path = remotePath(name, dir);
      const stat = await fs.lstat(path);
      if (stat.isDirectory && name !== ".git") found.push(...(await walk(path)));
      else if (stat.isFile) found.push(path);
    }
    return found;
  };

  return {
    async glob({ dir, pattern, limit, signal }) {
      const matches = globMatcher(pattern);
      const paths = (await start(dir, signal)).filter((path) => matches(relative(dir, path)));
      return { paths: paths.slice(0, limit), truncated: paths.length > limit };
    },
    async grep({ dir, pattern, include, limit, signal }) {
      const expression = new RegExp(pattern, "u");
      const included = include === undefined ? () => true : picomatch(include, { dot: true });
      const found: GrepMatch[] = [];
      for (const path of await start(dir, signal)) {
        if (!included(basename(path))) continue;
        const content = Buffer.from(await fs.readFileBuffer(path));
        if (content.includes(0)) continue;
        const lines = content.toString("utf8").match(/[^\n]*\n|[^\n]+$/g) ?? [];
        for (const [i, text] of lines.entries()) {
          if (expression.test(text.replace(/\n$/, ""))) found.push({ path, line: i + 1, text });
        }
      }
      return { matches: found.slice(0, limit), truncated: found.length > limit };
    },
  };
}

/** As ripgrep's `--glob`: a pattern without a slash matches at any depth. */
function globMatcher(pattern: string): (name: string) => boolean {
  const anchored = pattern.replace(/^\//, "");
  return picomatch(anchored.includes("/") ? anchored : `**/${anchored}`, { dot: true });
}
