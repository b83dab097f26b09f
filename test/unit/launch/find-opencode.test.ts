import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findOpencode } from "../../../src/launch/find-opencode.ts";

let dir: string;
const put = async (name: string, mode = 0o755) => {
  const path = join(dir, name);
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, "#!/bin/sh\n", { mode });
  return path;
};
const app = () => pathToFileURL(join(dir, "app/dist/cli.js")).href;
const on = (platform: NodeJS.Platform, path: string[]) =>
  findOpencode({ PATH: path.map((each) => join(dir, each)).join(delimiter) }, app(), platform);
const find = (...path: string[]) => on("linux", path);
const findOnWindows = (...path: string[]) => on("win32", path);

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "rc find-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

test("the first on PATH is taken", async () => {
  await put("b/opencode");
  const first = await put("a/opencode");
  expect(await find("missing", "a", "b")).toBe(first);
});

test("what cannot be run is passed over: a plain file, a directory of that name", async () => {
  await put("plain/opencode", 0o644);
  await mkdir(join(dir, "home/opencode"), { recursive: true });
  const good = await put("good/opencode");
  expect(await find("plain", "home", "good")).toBe(good);
});

test("a checkout brings its own, behind PATH", async () => {
  const own = await put("app/node_modules/.bin/opencode");
  expect(await find()).toBe(own);
  const onPath = await put("bin/opencode");
  expect(await find("bin")).toBe(onPath);
});

test("without any there is none", async () => {
  expect(await find("nowhere")).toBeUndefined();
  expect(await findOpencode({}, app(), "linux")).toBeUndefined();
});

test("a relative directory on PATH gives an absolute path", async () => {
  const path = await put("bin/opencode");
  expect(await findOpencode({ PATH: relative(process.cwd(), join(dir, "bin")) }, app(), "linux")).toBe(path);
});

test("on Windows npm's command script stands for the program beside it, which needs no shell", async () => {
  await put("npm/opencode");
  await put("npm/opencode.cmd");
  const program = await put("npm/node_modules/opencode-ai/bin/opencode.exe");
  const later = await put("later/opencode.exe");
  expect(await findOnWindows("npm", "later")).toBe(program);
  expect(await findOnWindows("later", "npm")).toBe(later);
});

test("on Windows a command script without its program is passed over", async () => {
  await put("other/opencode.cmd");
  expect(await findOnWindows("other")).toBeUndefined();
  const later = await put("later/opencode.exe");
  expect(await findOnWindows("other", "later")).toBe(later);
});

test("on Windows a checkout brings its own, too", async () => {
  await put("app/node_modules/.bin/opencode.cmd");
  const program = await put("app/node_modules/opencode-ai/bin/opencode.exe");
  expect(await findOnWindows()).toBe(program);
});
