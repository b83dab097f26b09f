import { baselineOf } from "../../../src/remote/baseline.ts";
import type { Change, Committed } from "../../../src/remote/files.ts";
import { dirname, type RemotePath } from "../../../src/remote/path.ts";
import { liesBelowFile, matches, refuse } from "./checks.ts";
import type { TrackedFs } from "./file-system.ts";

/** Every change is checked before the first is made; a later failure puts the earlier ones back. */
export async function memoryCommit(fs: TrackedFs, changes: readonly Change[]): Promise<Committed[]> {
  const targets: RemotePath[] = [];
  for (const change of changes) targets.push(await check(fs, change));
  const undo: (() => Promise<void>)[] = [];
  try {
    for (const [i, change] of changes.entries()) await swap(fs, change, targets[i] ?? change.path, undo);
  } catch (error) {
    for (const back of undo.reverse()) await back();
    throw error;
  }
  return await Promise.all(
    changes.map(async (change) => {
      if (change.kind === "delete") return { path: change.path, baseline: undefined };
      const node = await fs.node(change.path);
      return { path: change.path, baseline: baselineOf(change.content, node.kind === "file" ? node.stat.token : "") };
    }),
  );
}

/** The path whose content will change: a link's target for a write, the name itself for a delete. */
async function check(fs: TrackedFs, { kind, path, ...change }: Change): Promise<RemotePath> {
  const node = await fs.node(path);
  if (change.baseline === "absent") {
    if (node.kind !== "absent") throw refuse("conflict", path, "something of that name appeared");
    const parent = await fs.node(dirname(path));
    const makes = "createParents" in change && change.createParents;
    if (!makes && parent.kind !== "directory") throw refuse("not_found", path, "its directory does not exist");
    if (await liesBelowFile(fs, path)) throw refuse("not_a_directory", path, "a part of its path is a file");
    return path;
  }
  if (node.kind === "absent" || node.kind === "dangling") throw refuse("conflict", path, "it was deleted");
  if (node.kind !== "file") throw refuse("not_regular", path, "it is not a regular file any more");
  if (!(await matches(fs, node.real, change.baseline))) throw refuse("conflict", path, "it was changed");
  return kind === "delete" ? path : node.real;
}

async function swap(fs: TrackedFs, change: Change, target: RemotePath, undo: (() => Promise<void>)[]): Promise<void> {
  await check(fs, change);
  if (change.kind === "delete") {
    const restore = await restorer(fs, target);
    await fs.rm(target);
    undo.push(restore);
  } else if (change.baseline === "absent") {
    await fs.mkdir(dirname(target), { recursive: true });
    await fs.writeFile(target, Uint8Array.from(change.content));
    undo.push(() => fs.rm(target));
  } else {
    const restore = await restorer(fs, target);
    const { mode } = await fs.stat(target);
    await fs.writeFile(target, Uint8Array.from(change.content));
    await fs.chmod(target, mode);
    undo.push(restore);
  }
}

async function restorer(fs: TrackedFs, path: RemotePath): Promise<() => Promise<void>> {
  const { isSymbolicLink, mode } = await fs.lstat(path);
  if (isSymbolicLink) {
    const target = await fs.readlink(path);
    return () => fs.symlink(target, path);
  }
  const content = Uint8Array.from(await fs.readFileBuffer(path));
  return async () => {
    await fs.writeFile(path, content);
    await fs.chmod(path, mode);
  };
}
