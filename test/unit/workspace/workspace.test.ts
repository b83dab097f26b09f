import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { remotePath } from "../../../src/remote/path.ts";
import { createWorkspace, type Workspace } from "../../../src/workspace/workspace.ts";
import { type LocalHost, localHost } from "../../support/local-host.ts";

let base: string;
let root: string;
let host: LocalHost;
let workspace: Workspace;
let hostKeys: string[];

const make = (workdir: string | undefined = root) =>
  createWorkspace({
    host,
    workdir,
    mirror(hostKey) {
      hostKeys.push(hostKey);
      return join(base, "mirror");
    },
  });

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "rc-workspace-"));
  root = join(base, "work");
  await mkdir(root);
  hostKeys = [];
  host = localHost({ home: root });
  workspace = make();
});
afterEach(async () => {
  await workspace[Symbol.asyncDispose]();
  await rm(base, { recursive: true, force: true });
});

describe("becoming ready", () => {
  test("asks the remote once, however many ask, and names the mirror by the host key", async () => {
    const places = await Promise.all([workspace.ready(), workspace.ready(), workspace.resolve("x")]);
    expect(places).toEqual([{ root, home: root }, { root, home: root }, `${root}/x`]);
    await workspace.ready();
    expect(host.sent).toHaveLength(1);
    expect(hostKeys).toEqual(["SHA256:test"]);
  });

  test("can be tried again after it failed", async () => {
    const later = make(join(base, "later"));
    await expect(later.ready()).rejects.toMatchObject({ code: "not_found" });
    await mkdir(join(base, "later"));
    expect((await later.ready()).root).toBe(join(base, "later"));
  });

  test("is not undone for the others by one that gave up", async () => {
    const controller = new AbortController();
    const mine = workspace.ready(controller.signal);
    const theirs = workspace.ready();
    controller.abort(new Error("stop"));
    await expect(mine).rejects.toThrow("stop");
    expect((await theirs).root).toBe(root);
  });

  test("does not keep a call waiting that is aborted", async () => {
    const never = new Promise<never>(() => {});
    const silent = createWorkspace({
      host: { ...host, shell: { exec: () => never } },
      workdir: root,
      mirror: () => base,
    });
    const controller = new AbortController();
    const ready = silent.ready(controller.signal);
    controller.abort(new Error("stop"));
    await expect(ready).rejects.toThrow("stop");
  });

  test("is needed before a path can be shown", () => {
    expect(() => workspace.display(remotePath("/x"))).toThrow(/not connected yet/);
  });
});

describe("paths", () => {
  test.each([
    ["a/b", "a/b"],
    ["./a/../b", "b"],
    [".", ""],
    ["..", ".."],
    ["~", "~"],
    ["a b's", "a b's"],
  ])("%j is below the root as %j", async (argument, shown) => {
    const path = await workspace.resolve(argument);
    expect(path).toBe(remotePath(argument, remotePath(root)));
    expect(workspace.display(path)).toBe(shown);
  });

  test("are inside or outside by their components, not by their letters", async () => {
    await workspace.ready();
    const inside = (path: string) => workspace.isInside(remotePath(path));
    expect([inside(root), inside(`${root}/a`), inside(`${root}er`), inside("/"), inside(`${root}/..`)]).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(workspace.display(remotePath("/etc/hosts"))).toBe(`${"../".repeat(root.split("/").length - 1)}etc/hosts`);
  });

  test("that cannot be are refused", async () => {
    await expect(workspace.resolve("a\0b")).rejects.toThrow(/NUL/);
  });
});

describe("an open file", () => {
  const open = async (name: string) => await workspace.open(await workspace.resolve(name));

  test("is locked until it is closed, and only it", async () => {
    await writeFile(join(root, "f"), "one");
    const first = await open("f");
    let opened = false;
    const second = open("f").then((file) => {
      opened = true;
      return file;
    });
    await using other = await open("g");
    expect(other.pulled.kind).toBe("absent");
    await turn();
    expect(opened).toBe(false);
    await first[Symbol.asyncDispose]();
    await first[Symbol.asyncDispose]();
    await using again = await second;
    expect(again.content()?.toString()).toBe("one");
  });

  test("that could not be read is free again", async () => {
    await writeFile(join(root, "f"), "x");
    await expect(open("f/below")).rejects.toMatchObject({ code: "not_a_directory" });
    await expect(open("f/below")).rejects.toMatchObject({ code: "not_a_directory" });
  });

  test("that waits for a lock gives up when it is aborted, and leaves the lock to the next", async () => {
    const path = await workspace.resolve("f");
    const first = await workspace.open(path);
    const controller = new AbortController();
    const waiting = workspace.open(path, controller.signal);
    controller.abort(new Error("stop"));
    await expect(waiting).rejects.toThrow("stop");
    await first[Symbol.asyncDispose]();
    await using last = await workspace.open(path);
    expect(last.content()).toBeUndefined();
  });

  test("has content, or none when it is absent, or refuses when it is a directory", async () => {
    await writeFile(join(root, "f"), "one");
    await mkdir(join(root, "d"));
    await using file = await open("f");
    await using absent = await open("nope");
    await using directory = await open("d");
    expect(file.content()?.toString()).toBe("one");
    expect(absent.content()).toBeUndefined();
    expect(() => directory.content()).toThrow(expect.objectContaining({ code: "is_a_directory" }));
    expect(() => directory.remove()).toThrow(expect.objectContaining({ code: "not_found" }));
    expect(() => absent.remove()).toThrow(expect.objectContaining({ code: "not_found" }));
  });
});

describe("a save", () => {
  test("writes and deletes in one round trip, making directories", async () => {
    await writeFile(join(root, "gone"), "x");
    await using created = await workspace.open(await workspace.resolve("new/f"));
    await using gone = await workspace.open(await workspace.resolve("gone"));
    const before = host.sent.length;
    await workspace.save([created.write(Buffer.from("made")), gone.remove()]);
    expect(host.sent.length - before).toBe(1);
    expect(await readFile(join(root, "new/f"), "utf8")).toBe("made");
    expect(await readdir(root)).toEqual(["new"]);
  });

  test("fails with conflict when the remote file changed since open, and writes nothing", async () => {
    await writeFile(join(root, "a"), "1");
    await writeFile(join(root, "b"), "1");
    await using a = await workspace.open(await workspace.resolve("a"));
    await using b = await workspace.open(await workspace.resolve("b"));
    await writeFile(join(root, "b"), "2");
    const both = workspace.save([a.write(Buffer.from("mine")), b.write(Buffer.from("mine"))]);
    await expect(both).rejects.toMatchObject({ code: "conflict" });
    expect(await readFile(join(root, "a"), "utf8")).toBe("1");
    expect(await readFile(join(root, "b"), "utf8")).toBe("2");
  });

  test("of a file that appeared since it was opened as absent is a conflict", async () => {
    await using file = await workspace.open(await workspace.resolve("f"));
    await writeFile(join(root, "f"), "theirs");
    await expect(workspace.save([file.write(Buffer.from("mine"))])).rejects.toMatchObject({ code: "conflict" });
    expect(await readFile(join(root, "f"), "utf8")).toBe("theirs");
  });

  test("that was aborted before it was sent writes nothing", async () => {
    await using file = await workspace.open(await workspace.resolve("f"));
    const signal = AbortSignal.abort(new Error("stop"));
    await expect(workspace.save([file.write(Buffer.from("x"))], signal)).rejects.toThrow("stop");
    expect(await readdir(root)).toEqual([]);
  });
});

test("a command runs in the root unless another directory is named", async () => {
  const output = async (cwd?: ReturnType<typeof remotePath>) => {
    const chunks: Uint8Array[] = [];
    const options = { timeoutMs: 10_000, onOutput: (chunk: Uint8Array) => void chunks.push(chunk) };
    await workspace.command("pwd", cwd ? { ...options, cwd } : options);
    return Buffer.concat(chunks).toString();
  };
  expect([await output(), await output(remotePath("/usr"))]).toEqual([`${root}\n`, "/usr\n"]);
});

test("disposing writes the manifest, so that the next session need not fetch again", async () => {
  await writeFile(join(root, "f"), "one");
  await (await workspace.open(await workspace.resolve("f")))[Symbol.asyncDispose]();
  await workspace[Symbol.asyncDispose]();
  expect(await readFile(join(base, "mirror/manifest.json"), "utf8")).toContain(join(root, "f"));
});
