import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeSessionConfig } from "../../../src/launch/session-config.ts";

const plugins = { server: "file:///plugin/index.js", tui: "file:///plugin/tui.js" };
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "rc-config-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Which file stands at each path: a replaced one has another inode. */
async function inodes(): Promise<Record<string, number>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(await Promise.all(files.map(async (file) => [file, (await stat(file)).ino] as const)));
}

test("what is right already is not written again", async () => {
  await writeSessionConfig(directory, plugins);
  const before = await inodes();
  await writeSessionConfig(directory, plugins);
  expect(await inodes()).toEqual(before);
  expect(Object.keys(before)).toContain(join(directory, "opencode.json"));
});

test("what differs is replaced by a whole file, the rest stays", async () => {
  await writeSessionConfig(directory, plugins);
  const before = await inodes();
  const changed = join(directory, ".opencode", "tools", "bash.js");
  await writeFile(changed, "export default 1;");
  await writeSessionConfig(directory, plugins);
  const after = await inodes();
  expect(after[changed]).not.toBe(before[changed]);
  expect(await readFile(changed, "utf8")).toContain("refuse.js");
  expect({ ...after, [changed]: 0 }).toEqual({ ...before, [changed]: 0 });
});

test("sessions of one target that start at once leave one good configuration and nothing else", async () => {
  await Promise.all([1, 2, 3].map(() => writeSessionConfig(directory, plugins)));
  expect(JSON.parse(await readFile(join(directory, "opencode.json"), "utf8")).plugin).toContain(plugins.server);
  expect(Object.keys(await inodes()).filter((file) => /\.\d+$/.test(file))).toEqual([]);
});

test("the shell for commands after ! may be run", async () => {
  await writeSessionConfig(directory, plugins);
  const { shell } = JSON.parse(await readFile(join(directory, "opencode.json"), "utf8"));
  expect((await stat(shell)).mode & 0o777).toBe(0o755);
});
