import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { remotePath } from "../../../src/remote/path.ts";
import { type ManifestEntry, openManifest } from "../../../src/sync/manifest.ts";

let dir: string;
let path: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "rc-manifest-"));
  path = join(dir, "manifest.json");
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const name = remotePath("/srv/a");
const entry: ManifestEntry = { realPath: "/srv/a", size: 3, sha256: "a".repeat(64), cksum: 7, token: "c 1 2" };
const text = (files: unknown, version: unknown = 1) => JSON.stringify({ version, files });

test("entries survive a flush and a restart, in a private file with nothing beside it", async () => {
  const first = await openManifest(path);
  first.set(name, entry);
  await first.flush();
  expect((await openManifest(path)).get(name)).toEqual(entry);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(dir)).toEqual(["manifest.json"]);
});

test("a removed entry stays removed", async () => {
  const first = await openManifest(path);
  first.set(name, entry);
  await first.flush();
  first.set(name, undefined);
  await first.flush();
  expect((await openManifest(path)).get(name)).toBeUndefined();
});

test("without changes nothing is written", async () => {
  await (await openManifest(path)).flush();
  expect(await readdir(dir)).toEqual([]);
});

test("the entries are saved without a flush too", async () => {
  const manifest = await openManifest(path);
  manifest.set(name, entry);
  await expect.poll(async () => (await openManifest(path)).get(name), { timeout: 5_000 }).toEqual(entry);
});

const broken: [string, string | Buffer][] = [
  ["is empty", ""],
  ["is cut off", text({ [name]: entry }).slice(0, -5)],
  ["is no JSON", "\0\x01"],
  ["is not UTF-8", Buffer.from([0xff, 0xfe, 0x7b])],
  ["is another program's", '{"name":"x"}'],
  ["is of another version", text({ [name]: entry }, 2)],
  ["holds a negative size", text({ [name]: { ...entry, size: -1 } })],
  ["holds a bad hash", text({ [name]: { ...entry, sha256: "zz" } })],
  ["lacks a token", text({ [name]: { ...entry, token: undefined } })],
  ["holds null", text(null)],
];

test.each(broken)("a file that %s counts as empty and is replaced by the next save", async (_why, content) => {
  await writeFile(path, content);
  const manifest = await openManifest(path);
  expect(manifest.get(name)).toBeUndefined();
  manifest.set(name, entry);
  await manifest.flush();
  expect((await openManifest(path)).get(name)).toEqual(entry);
});

test("a manifest that cannot be written costs nothing but the hints", async () => {
  const manifest = await openManifest(join(dir, "blocked", "manifest.json"));
  await writeFile(join(dir, "blocked"), "a file where the directory must be");
  manifest.set(name, entry);
  await manifest.flush();
  expect(manifest.get(name)).toEqual(entry);
});

test("two sessions that save again and again never leave half a file", async () => {
  const sessions = [await openManifest(path), await openManifest(path)];
  const save = async (manifest: (typeof sessions)[number], own: number) => {
    for (let round = 0; round < 25; round++) {
      for (let i = 0; i < 50; i++) manifest.set(remotePath(`/${own}/${i}`), { ...entry, cksum: round });
      await manifest.flush();
      JSON.parse(await readFile(path, "utf8"));
    }
  };
  await Promise.all(sessions.map(save));
  const last = await openManifest(path);
  const kept = [0, 1].filter((own) => last.get(remotePath(`/${own}/0`)));
  expect(kept.length).toBeGreaterThan(0);
  for (const own of kept) expect(last.get(remotePath(`/${own}/49`))?.cksum).toBe(24);
});
