import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { posixFiles } from "../../../src/posix/files.ts";
import { baselineOf } from "../../../src/remote/baseline.ts";
import type { Baseline, Change, RemoteFiles } from "../../../src/remote/files.ts";
import { type RemotePath, remotePath } from "../../../src/remote/path.ts";
import { localShell } from "../../support/local-shell.ts";

const shells: [string, string[]][] = [
  ["dash", ["dash"]],
  ["bash", ["bash", "--norc", "--posix"]],
  ["BusyBox", ["busybox", "sh"]],
];

/** Walks from the fake tool up to the process that runs the whole script, into `p`. */
const scriptProcess = `p=$PPID; until ps -o args= -p "$p" | grep -q 'read -r l' && ! ps -o args= -p "$(ps -o ppid= -p "$p" | tr -d ' ')" | grep -q 'read -r l'; do p=$(ps -o ppid= -p "$p" | tr -d ' '); done`;
/** The shells of the script that are not its outermost one: the script itself runs in a subshell of that. */
const killScript = (signal: number) => `${scriptProcess}
q=$PPID
while [ "$(ps -o ppid= -p "$q" | tr -d ' ')" != "$p" ]; do q=$(ps -o ppid= -p "$q" | tr -d ' '); done
kill -${signal} "$q"`;

describe.each(shells)("what can go wrong in a commit, under %s", (_name, command) => {
  let base: string;
  let dir: string;
  let bin: string;
  let files: RemoteFiles;
  const at = (name: string): RemotePath => remotePath(name, remotePath(dir));
  const bytes = (text: string) => Buffer.from(text);
  const text = (name: string) => readFile(join(dir, name), "utf8");
  const put = async (name: string, content: string): Promise<Baseline> => {
    await writeFile(join(dir, name), content);
    const read = await files.read(at(name), { maxBytes: 1 << 20 });
    if (read.kind !== "file") throw new Error(`${name} is ${read.kind}`);
    return baselineOf(read.content, read.stat.token);
  };
  const write = (name: string, content: string, baseline: Baseline | "absent"): Change => ({
    kind: "write",
    path: at(name),
    content: bytes(content),
    baseline,
    createParents: true,
  });
  const remove = (name: string, baseline: Baseline): Change => ({ kind: "delete", path: at(name), baseline });
  /** A tool that does something else in place of the real one, which is `real` in its script. */
  const fake = async (tool: string, script: string) => {
    const path = join(bin, tool);
    await writeFile(path, `#!/bin/sh\nreal() { PATH=\${PATH#*:} command ${tool} "$@"; }\ncd '${bin}'\n${script}\n`);
    await chmod(path, 0o755);
  };
  const leftovers = async () => (await readdir(dir, { recursive: true })).filter((name) => name.includes(".rc-"));

  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), "rc-commit-"));
    [dir, bin] = [join(base, "work"), join(base, "bin")];
    await mkdir(dir);
    await mkdir(bin);
    files = posixFiles(localShell(command, { path: `${bin}:${process.env.PATH}` }), () => "box");
  });
  afterEach(() => rm(base, { recursive: true, force: true }));

  test.each([
    ["a", "a/b"],
    ["a/b", "a"],
  ])("creating %s and %s in one commit is refused and leaves nothing", async (one, two) => {
    const refused = files.commit([write(one, "1", "absent"), write(two, "2", "absent")]);
    await expect(refused).rejects.toMatchObject({ code: "not_a_directory" });
    expect(await readdir(dir)).toEqual([]);
  });

  test("a directory that takes the name while the content is staged is a conflict, not a file inside it", async () => {
    await fake("dd", `mkdir '${dir}/n' 2>/dev/null; real "$@"`);
    await expect(files.commit([write("n", "new", "absent")])).rejects.toMatchObject({ code: "conflict" });
    expect(await readdir(dir, { recursive: true })).toEqual(["n"]);
  });

  test("a directory that takes the name right before the link is a conflict too", async () => {
    await fake("ln", `mkdir '${dir}/n' 2>/dev/null; real "$@"`);
    await expect(files.commit([write("n", "new", "absent")])).rejects.toMatchObject({ code: "conflict" });
    expect(await readdir(dir, { recursive: true })).toEqual(["n"]);
  });

  test("a directory that takes the place of a file right before the rename is told, and nothing is put inside", async () => {
    const old = await put("f", "old");
    await fake("mv", `rm '${dir}/f'; mkdir '${dir}/f'; real "$@"`);
    await expect(files.commit([write("f", "new", old)])).rejects.toMatchObject({ code: "not_regular" });
    expect(await readdir(dir, { recursive: true })).toEqual(["f"]);
  });

  test("a script that is killed right after the rename is a saved file, not an error", async () => {
    const old = await put("f", "old");
    await fake("mv", `real "$@"\n${killScript(9)}`);
    expect(await files.commit([write("f", "new", old)])).toMatchObject([{ baseline: { size: 3 } }]);
    expect(await text("f")).toBe("new");
  });

  test("a file that cannot be put back is named, with an unknown outcome", async () => {
    const [f, g] = [await put("f", "old"), await put("g", "old")];
    await fake("mv", `if [ -e once ]; then echo 'mv: Read-only file system' >&2; exit 1; fi; : >once; real "$@"`);
    const failed = files.commit([remove("f", f), write("g", "new", g)]);
    await expect(failed).rejects.toMatchObject({
      code: "outcome_unknown",
      message: expect.stringMatching(/Read-only file system.*\/f could not be put back/),
    });
    expect(await text("g")).toBe("old");
    // What is left of the other file.
    const [kept = "", ...more] = await leftovers();
    expect([await text(kept), more]).toEqual(["old", []]);
  });

  test.each([[["f"]], [["f", "g"]]])(
    "a signal that comes with the rename of a deletion puts it back (%j)",
    async (names) => {
      const changes: Change[] = [];
      for (const name of names) changes.push(remove(name, await put(name, "old")));
      await fake("mv", `real "$@"; [ -e once ] || { : >once\n${killScript(15)}\n}`);
      await expect(files.commit(changes)).rejects.toThrow();
      for (const name of names) expect(await text(name)).toBe("old");
      expect(await leftovers()).toEqual([]);
    },
  );

  test("a host whose head takes no -c is read in full", async () => {
    await put("f", "one\ntwo\n");
    await fake("head", `case $1 in -c) exit 1 ;; esac; real "$@"`);
    expect(await files.read(at("f"), { maxBytes: 1000 })).toMatchObject({ kind: "file", content: bytes("one\ntwo\n") });
  });

  test("reading that breaks off is an error, not a shorter file", async () => {
    await put("f", "one\ntwo\n");
    await fake("head", `real -c 3; [ "$2" = 1 ]`);
    await expect(files.read(at("f"), { maxBytes: 1000 })).rejects.toMatchObject({ code: "io" });
  });
});
