import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { link, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { posixFiles } from "../../../src/posix/files.ts";
import { baselineOf } from "../../../src/remote/baseline.ts";
import type { Baseline, RemoteFiles } from "../../../src/remote/files.ts";
import { type RemotePath, remotePath } from "../../../src/remote/path.ts";
import { localShell } from "../../support/local-shell.ts";

const shells: [string, string[]][] = [
  ["dash", ["dash"]],
  ["bash", ["bash", "--norc", "--posix"]],
  ["BusyBox", ["busybox", "sh"]],
];
const maxBytes = 1 << 20;
const nasty = [
  "a b",
  "it's",
  '"q"',
  "$(id)",
  "new\nline",
  "tab\t",
  "back\\slash",
  "-n",
  "*",
  "~",
  "\x1b[31m",
  "ÁÈ€",
  "é",
  "n".repeat(255),
  "end\n",
];

describe.each(shells)("under %s", (_name, command) => {
  let dir: string;
  let files: RemoteFiles;
  const at = (name: string): RemotePath => remotePath(name, remotePath(dir));
  const open = async (name: string): Promise<Baseline> => {
    const read = await files.read(at(name), { maxBytes });
    if (read.kind !== "file") throw new Error(`${name} is ${read.kind}`);
    return baselineOf(read.content, read.stat.token);
  };
  const save = async (name: string, content: string, baseline: Baseline | "absent") =>
    await files.commit([
      { kind: "write", path: at(name), content: Buffer.from(content), baseline, createParents: true },
    ]);

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "rc-posix-"));
    files = posixFiles(localShell(command), () => "box");
  });
  afterEach(async () => {
    // Whatever a test did: nothing of ours is left behind.
    expect((await readdir(dir, { recursive: true })).filter((name) => name.includes(".rc-"))).toEqual([]);
    await rm(dir, { recursive: true, force: true });
  });

  test.each(nasty)("reads, lists and saves the name %j", async (name) => {
    await writeFile(join(dir, name), "old");
    expect((await files.list(at("."))).map((entry) => entry.name)).toEqual([name]);
    await save(name, "new", await open(name));
    expect(await readFile(join(dir, name), "utf8")).toBe("new");
  });

  test.each([0, 1, 4095, 4096, 32767, 32769, 300_001])("moves %d bytes exactly, both ways", async (size) => {
    const bytes = randomBytes(size);
    await files.commit([{ kind: "write", path: at("f"), content: bytes, baseline: "absent" }]);
    expect((await readFile(join(dir, "f"))).equals(bytes)).toBe(true);
    const read = await files.read(at("f"), { maxBytes });
    expect(read.kind === "file" && Buffer.from(read.content).equals(bytes)).toBe(true);
  });

  test("answers unchanged for a known token and content again after a change", async () => {
    await writeFile(join(dir, "f"), "one");
    const { token } = await open("f");
    expect((await files.read(at("f"), { known: token, maxBytes })).kind).toBe("unchanged");
    await writeFile(join(dir, "f"), "two");
    expect((await files.read(at("f"), { known: token, maxBytes })).kind).toBe("file");
  });

  test("tells absent, directory, link, special and oversized apart", async () => {
    await mkdir(join(dir, "d", "sub"), { recursive: true });
    await writeFile(join(dir, "d", "f"), "x");
    await writeFile(join(dir, "d", ".hidden"), "x");
    await symlink("sub", join(dir, "d", "to-dir"));
    await symlink("nowhere", join(dir, "d", "dangling"));
    expect((await files.read(at("nope/deeper"), { maxBytes })).kind).toBe("absent");
    await expect(files.read(at("d/f/below"), { maxBytes })).rejects.toMatchObject({ code: "not_a_directory" });
    await expect(files.read(at("d/dangling"), { maxBytes })).rejects.toMatchObject({ code: "not_found" });
    await expect(files.read(remotePath("/dev/null"), { maxBytes })).rejects.toMatchObject({ code: "not_regular" });
    await writeFile(join(dir, "big"), Buffer.alloc(2000));
    await expect(files.read(at("big"), { maxBytes: 1999 })).rejects.toMatchObject({ code: "too_large" });
    expect(new Set(await files.list(at("d")))).toEqual(
      new Set([
        { name: "f", type: "file", directory: false },
        { name: ".hidden", type: "file", directory: false },
        { name: "sub", type: "directory", directory: true },
        { name: "to-dir", type: "link", directory: true },
        { name: "dangling", type: "link", directory: false },
      ]),
    );
    expect(await files.realpath(at("d/to-dir"))).toBe(join(dir, "d", "sub"));
    expect(await files.stat(at("nope"))).toBeUndefined();
    expect(await files.stat(at("d"))).toMatchObject({ type: "directory" });
  });

  test("reads /proc files, whose size is said to be 0", async () => {
    const read = await files.read(remotePath("/proc/version"), { maxBytes });
    expect(read.kind === "file" && Buffer.from(read.content).toString()).toMatch(/^Linux/);
  });

  test.each([0o600, 0o644, 0o755, 0o4755, 0o2770])("keeps mode %o", async (mode) => {
    await writeFile(join(dir, "f"), "old");
    // Not fs.chmod: under Bun it drops setuid and setgid.
    execFileSync("chmod", [mode.toString(8), join(dir, "f")]);
    const [done] = await save("f", "new", await open("f"));
    expect((await stat(join(dir, "f"))).mode & 0o7777).toBe(mode);
    expect((await files.read(at("f"), { known: done?.baseline?.token, maxBytes })).kind).toBe("unchanged");
  });

  test("makes parents, gives a created file the usual mode and never clobbers", async () => {
    await save("a/b/c", "x", "absent");
    const umask = process.umask();
    expect((await stat(join(dir, "a/b/c"))).mode & 0o777).toBe(0o666 & ~umask);
    expect((await stat(join(dir, "a/b"))).mode & 0o777).toBe(0o777 & ~umask);
    await expect(save("a/b/c", "y", "absent")).rejects.toMatchObject({ code: "conflict" });
    expect(await readFile(join(dir, "a/b/c"), "utf8")).toBe("x");
  });

  test("writes through a symlink and keeps it", async () => {
    await mkdir(join(dir, "real"));
    await writeFile(join(dir, "real/f"), "old");
    await symlink("real/f", join(dir, "link"));
    await save("link", "new", await open("link"));
    expect((await lstat(join(dir, "link"))).isSymbolicLink()).toBe(true);
    expect(await readFile(join(dir, "real/f"), "utf8")).toBe("new");
  });

  test("refuses with conflict what changed since it was read, also with the same size", async () => {
    await writeFile(join(dir, "f"), "aaa");
    const baseline = await open("f");
    await writeFile(join(dir, "f"), "bbb");
    await expect(save("f", "ccc", baseline)).rejects.toMatchObject({ code: "conflict" });
    await rm(join(dir, "f"));
    await expect(save("f", "ccc", baseline)).rejects.toMatchObject({ code: "conflict" });
    expect(await readdir(dir)).toEqual([]);
  });

  test("refuses a file with several hard links rather than parting them", async () => {
    await writeFile(join(dir, "f"), "old");
    await link(join(dir, "f"), join(dir, "g"));
    await expect(save("f", "new", await open("f"))).rejects.toMatchObject({ code: "unsupported" });
    expect(await readFile(join(dir, "g"), "utf8")).toBe("old");
  });

  test("commits several files at once: create, change, delete", async () => {
    await writeFile(join(dir, "change"), "1");
    await writeFile(join(dir, "gone"), "2");
    const done = await files.commit([
      { kind: "write", path: at("new/n"), content: Buffer.from("N\n\n"), baseline: "absent", createParents: true },
      { kind: "write", path: at("change"), content: Buffer.from("CC"), baseline: await open("change") },
      { kind: "write", path: at("empty"), content: Buffer.alloc(0), baseline: "absent" },
      { kind: "delete", path: at("gone"), baseline: await open("gone") },
    ]);
    expect(done.map((each) => each.baseline?.size)).toEqual([3, 2, 0, undefined]);
    expect(await readFile(join(dir, "new/n"), "utf8")).toBe("N\n\n");
    expect(await readFile(join(dir, "change"), "utf8")).toBe("CC");
    expect((await readdir(dir)).sort()).toEqual(["change", "empty", "new"]);
  });

  test("puts everything back when a later file of a commit fails", async () => {
    await writeFile(join(dir, "a"), "1");
    await mkdir(join(dir, "b"));
    await writeFile(join(dir, "b/x"), "2");
    const changes = [
      { kind: "write" as const, path: at("a"), content: Buffer.from("A"), baseline: await open("a") },
      { kind: "delete" as const, path: at("b/x"), baseline: await open("b/x") },
      { kind: "write" as const, path: at("c"), content: Buffer.from("C"), baseline: "absent" as const },
      // The same name twice: the second cannot be created any more once the first is there.
      { kind: "write" as const, path: at("c"), content: Buffer.from("D"), baseline: "absent" as const },
    ];
    await expect(files.commit(changes)).rejects.toMatchObject({ code: "conflict" });
    expect(await readFile(join(dir, "a"), "utf8")).toBe("1");
    expect(await readFile(join(dir, "b/x"), "utf8")).toBe("2");
    expect((await readdir(dir)).sort()).toEqual(["a", "b"]);
  });
});
