import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { posixFiles } from "../../../src/posix/files.ts";
import type { ReadResult, RemoteFiles } from "../../../src/remote/files.ts";
import { type RemotePath, remotePath } from "../../../src/remote/path.ts";
import { openSyncEngine, type PulledFile, type SyncEngine } from "../../../src/sync/engine.ts";
import { localShell } from "../../support/local-shell.ts";

let base: string;
let root: RemotePath;
let mirror: string;
/** What each read answered, in order. */
let answers: ReadResult["kind"][];
let engine: SyncEngine;

const at = (name: string) => remotePath(name, root);
const put = (name: string, content: string | Buffer) => writeFile(at(name), content);
/** Every engine of a test: a save that is still to come would make the mirror again after its removal. */
let opened: SyncEngine[];
const open = async (): Promise<SyncEngine> => {
  const files = posixFiles(localShell(["dash"]), () => "box");
  const read: RemoteFiles["read"] = async (path, options) => {
    const answer = await files.read(path, options);
    answers.push(answer.kind);
    return answer;
  };
  const made = await openSyncEngine({ files: { ...files, read }, mirror, root });
  opened.push(made);
  return made;
};
const pullFile = async (name: string, from = engine): Promise<PulledFile> => {
  const pulled = await from.pull(at(name));
  if (pulled.kind !== "file") throw new Error(`${name} is ${pulled.kind}`);
  return pulled;
};
const pullText = async (name: string, from = engine) => (await pullFile(name, from)).content.toString();
const write = (name: string, content: string, baseline: PulledFile["baseline"] | "absent") =>
  engine.commit([{ kind: "write", path: at(name), content: Buffer.from(content), baseline }]);

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "rc-engine-"));
  root = remotePath(join(base, "remote"));
  mirror = join(base, "mirror");
  answers = [];
  opened = [];
  await mkdir(root);
  engine = await open();
});
afterEach(async () => {
  await Promise.all(opened.map((each) => each.flush()));
  await rm(base, { recursive: true, force: true });
});

describe("a pull", () => {
  test("takes the content once; an unchanged file does not travel again", async () => {
    await put("f", "one");
    expect([await pullText("f"), await pullText("f")]).toEqual(["one", "one"]);
    expect(answers).toEqual(["file", "unchanged"]);
  });

  test("takes what changed, also with the same size", async () => {
    await put("f", "one");
    await pullText("f");
    await put("f", "two");
    expect(await pullText("f")).toBe("two");
  });

  test("is spared after a restart too", async () => {
    await put("f", Buffer.alloc(100_000, 7));
    await pullFile("f");
    await engine.flush();
    expect((await pullFile("f", await open())).content.length).toBe(100_000);
    expect(answers).toEqual(["file", "unchanged"]);
  });

  test("has the same baseline whether the content travelled or not", async () => {
    await put("f", "one");
    const first = await pullFile("f");
    expect((await pullFile("f")).baseline).toMatchObject(first.baseline);
  });

  test("tells absent and directory, and forgets the file that was there", async () => {
    await put("f", "one");
    await pullText("f");
    await rm(at("f"));
    expect((await engine.pull(at("f"))).kind).toBe("absent");
    await mkdir(at("f"));
    expect((await engine.pull(at("f"))).kind).toBe("directory");
    await put("f/g", "below");
    expect(await pullText("f/g")).toBe("below");
    await rm(at("f"), { recursive: true });
    await put("f", "a file again");
    expect(await pullText("f")).toBe("a file again");
  });
});

describe("the mirror", () => {
  const mirrored = () => join(mirror, "root", "ff");

  test("is readable by its owner alone", async () => {
    await put("f", "secret");
    await pullText("f");
    await engine.flush();
    for (const path of [mirror, join(mirror, "root")]) expect((await stat(path)).mode & 0o777).toBe(0o700);
    for (const path of [mirrored(), join(mirror, "manifest.json")]) expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test("that exists with wider permissions is closed when it is opened", async () => {
    await chmod(mirror, 0o755);
    await open();
    expect((await stat(mirror)).mode & 0o777).toBe(0o700);
  });

  test("is not believed when somebody tampered with it: the file is fetched again", async () => {
    await put("f", "right");
    await pullText("f");
    await writeFile(mirrored(), "wrong");
    expect(await pullText("f")).toBe("right");
    expect(answers).toEqual(["file", "file"]);
    expect(await readFile(mirrored(), "utf8")).toBe("right");
  });

  test("does not follow a planted link, neither for reading nor for writing", async () => {
    await put("f", "right");
    await pullText("f");
    const victim = join(base, "victim");
    await writeFile(victim, "right");
    await rm(mirrored());
    await symlink(victim, mirrored());
    await put("f", "newer");
    expect(await pullText("f")).toBe("newer");
    expect(answers).toEqual(["file", "file"]);
    expect(await readFile(victim, "utf8")).toBe("right");
  });

  test("that is lost or cannot be written costs transfers and nothing else", async () => {
    await put("f", "one");
    await pullText("f");
    await rm(join(mirror, "root"), { recursive: true });
    await writeFile(join(mirror, "root"), "in the way");
    expect([await pullText("f"), await pullText("f")]).toEqual(["one", "one"]);
    const { baseline } = await pullFile("f");
    await write("f", "two", baseline);
    expect(await readFile(at("f"), "utf8")).toBe("two");
  });

  test("that cannot even be made costs transfers too", async () => {
    await rm(mirror, { recursive: true });
    await writeFile(mirror, "a file where the directory must be");
    const session = await open();
    await put("f", "one");
    expect([await pullText("f", session), await pullText("f", session)]).toEqual(["one", "one"]);
    await session.flush();
  });

  test("can be shared by two sessions that change the same file in turn", async () => {
    const other = await open();
    await put("f", "0");
    for (let round = 1; round <= 4; round++) {
      const session = round % 2 ? engine : other;
      const { baseline, content } = await pullFile("f", session);
      expect(content.toString()).toBe(String(round - 1));
      await session.commit([{ kind: "write", path: at("f"), content: Buffer.from(String(round)), baseline }]);
    }
    expect([await pullText("f", engine), await pullText("f", other)]).toEqual(["4", "4"]);
  });
});

describe("a commit", () => {
  test("changes the remote; what it wrote does not travel back", async () => {
    await put("f", "one");
    await write("f", "two", (await pullFile("f")).baseline);
    expect(await readFile(at("f"), "utf8")).toBe("two");
    expect(await pullText("f")).toBe("two");
    expect(answers).toEqual(["file", "unchanged"]);
  });

  test("can follow another on the baseline it answered", async () => {
    const [first] = await write("f", "one", "absent");
    expect(first?.baseline).toBeDefined();
    if (first?.baseline) await write("f", "two", first.baseline);
    expect(await readFile(at("f"), "utf8")).toBe("two");
  });

  test("passes a conflict through; remote and mirror stay as they are", async () => {
    await put("f", "one");
    const { baseline } = await pullFile("f");
    await put("f", "two");
    await expect(write("f", "mine", baseline)).rejects.toMatchObject({ code: "conflict" });
    expect(await readFile(at("f"), "utf8")).toBe("two");
    expect(await pullText("f")).toBe("two");
  });

  test("between two sessions is a conflict, not the last one's win", async () => {
    const other = await open();
    await put("f", "one");
    const mine = await pullFile("f");
    const theirs = await pullFile("f", other);
    await other.commit([{ kind: "write", path: at("f"), content: Buffer.from("theirs"), baseline: theirs.baseline }]);
    await expect(write("f", "mine", mine.baseline)).rejects.toMatchObject({ code: "conflict" });
    expect(await pullText("f")).toBe("theirs");
  });

  test("of a delete takes the file from the mirror too", async () => {
    await put("f", "one");
    const { baseline } = await pullFile("f");
    await engine.commit([{ kind: "delete", path: at("f"), baseline }]);
    expect((await engine.pull(at("f"))).kind).toBe("absent");
    expect(await readdir(join(mirror, "root"))).toEqual([]);
  });

  test("through a link changes the link's target, and the link reads as that", async () => {
    await put("real", "one");
    await symlink("real", at("link"));
    await write("link", "two", (await pullFile("link")).baseline);
    expect([await pullText("link"), await pullText("real")]).toEqual(["two", "two"]);
  });
});
