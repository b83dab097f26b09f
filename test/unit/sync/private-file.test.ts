import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readPrivate, writePrivate } from "../../../src/sync/private-file.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "rc-private-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

test("a file comes back byte for byte, readable by its owner alone, and nothing else is left", async () => {
  const bytes = Buffer.from([0, 255, 10, 13, 128]);
  await writePrivate(join(dir, "a/b/f"), bytes);
  expect((await readPrivate(join(dir, "a/b/f")))?.equals(bytes)).toBe(true);
  expect((await stat(join(dir, "a/b/f"))).mode & 0o777).toBe(0o600);
  expect((await stat(join(dir, "a"))).mode & 0o777).toBe(0o700);
  expect(await readdir(join(dir, "a/b"))).toEqual(["f"]);
});

test("a file that others could read is private after a write", async () => {
  await writeFile(join(dir, "f"), "old", { mode: 0o644 });
  await writePrivate(join(dir, "f"), "new");
  expect((await stat(join(dir, "f"))).mode & 0o777).toBe(0o600);
});

test("what is missing, a directory or a link reads as nothing", async () => {
  await writeFile(join(dir, "victim"), "secret");
  await symlink("victim", join(dir, "link"));
  for (const name of ["nope", ".", "link"]) expect(await readPrivate(join(dir, name)), name).toBeUndefined();
});

test("a planted link is replaced, its target untouched", async () => {
  await writeFile(join(dir, "victim"), "precious");
  await symlink("victim", join(dir, "f"));
  await writePrivate(join(dir, "f"), "mirror");
  expect(await readFile(join(dir, "victim"), "utf8")).toBe("precious");
  expect((await readPrivate(join(dir, "f")))?.toString()).toBe("mirror");
});

test("writes at the same time leave one of the contents, whole", async () => {
  const contents = Array.from({ length: 10 }, (_, i) => String(i).repeat(100_000));
  await Promise.all(contents.map((content) => writePrivate(join(dir, "f"), content)));
  expect(contents).toContain(await readFile(join(dir, "f"), "utf8"));
  expect(await readdir(dir)).toEqual(["f"]);
});
