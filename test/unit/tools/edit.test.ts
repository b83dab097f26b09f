import { existsSync } from "node:fs";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ToolBench, toolBench } from "../../support/tool-call.ts";

let bench: ToolBench;
let at: (name: string) => string;
const put = (name: string, content: string | Uint8Array, mode?: number) => writeFile(at(name), content, { mode });
const bytes = (name: string) => readFile(at(name), "latin1");
const edit = (filePath: string, oldString: string, newString: string, replaceAll?: boolean) =>
  bench.call("edit", { filePath, oldString, newString, ...(replaceAll === undefined ? {} : { replaceAll }) });

beforeEach(async () => {
  bench = await toolBench();
  at = (name) => join(bench.root, name);
});
afterEach(() => bench[Symbol.asyncDispose]());

const diffOf = (name: string, hunk: string) =>
  `Index: ${at(name)}\n${"=".repeat(67)}\n--- ${at(name)}\n+++ ${at(name)}\n${hunk}`;

describe("an edit", () => {
  test("replaces one place and tells the diff", async () => {
    await put("f", "a\nb\nc\n");
    const diff = diffOf("f", "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n");
    expect(await edit("f", "b", "B")).toEqual({
      title: "f",
      output: "Edit applied successfully.",
      metadata: { diagnostics: {}, diff, filediff: { file: at("f"), patch: diff, additions: 1, deletions: 1 } },
    });
    expect(await bytes("f")).toBe("a\nB\nc\n");
  });

  test("replaces every place with replaceAll", async () => {
    await put("f", "x.x.x");
    await edit("f", "x", "y", true);
    expect(await bytes("f")).toBe("y.y.y");
  });

  test("keeps CRLF whatever line endings the strings have", async () => {
    await put("f", "a\r\nb\r\nc\r\n");
    await edit("f", "a\nb", "A\nnew\nB");
    expect(await bytes("f")).toBe("A\r\nnew\r\nB\r\nc\r\n");
  });

  test("keeps the byte order mark, the missing final newline and the mode", async () => {
    await put("f", "\uFEFFone\ntwo", 0o750);
    await edit("f", "two", "2");
    expect(await bytes("f")).toBe("\xef\xbb\xbfone\n2");
    expect((await stat(at("f"))).mode & 0o777).toBe(0o750);
  });

  test("takes dollar signs literally", async () => {
    await put("f", "price");
    await edit("f", "price", "$& $1 $$");
    expect(await bytes("f")).toBe("$& $1 $$");
  });

  test("with an empty oldString makes a file that is not there", async () => {
    await edit("new/f", "", "x\n");
    expect(await bytes("new/f")).toBe("x\n");
  });

  test("follows another without a read in between", async () => {
    await put("f", "one");
    await edit("f", "one", "two");
    await edit("f", "two", "three");
    expect(await bytes("f")).toBe("three");
  });

  test("waits for another edit of the same file, so that both are kept", async () => {
    await put("f", "a\nb\n");
    await Promise.all([edit("f", "a", "A"), edit("f", "b", "B")]);
    expect(await bytes("f")).toBe("A\nB\n");
  });
});

describe("an edit is refused", () => {
  test.each([
    ["same", "same", "No changes to apply: oldString and newString are identical."],
    [
      "",
      "x",
      "oldString cannot be empty when editing an existing file. Provide the exact text to replace, or use write for an intentional full-file replacement.",
    ],
    [
      "absent",
      "x",
      "Could not find oldString in the file. It must match exactly, including whitespace, indentation, and line endings.",
    ],
    ["twice", "x", "Found multiple matches for oldString. Provide more surrounding context to make the match unique."],
  ])("for oldString %j", async (oldString, newString, message) => {
    await put("f", "twice twice\n");
    await expect(edit("f", oldString, newString)).rejects.toThrow(new Error(message));
    expect(await bytes("f")).toBe("twice twice\n");
    expect(bench.asked).toEqual([]);
  });

  test("for an empty oldString also where the file is empty", async () => {
    await put("f", "");
    await expect(edit("f", "", "x")).rejects.toThrow(/^oldString cannot be empty when editing an existing file/);
  });

  test("for a missing file, a directory and no path", async () => {
    await mkdir(at("d"));
    await expect(edit("nope", "a", "b")).rejects.toThrow(new Error(`File ${at("nope")} not found`));
    await expect(edit("d", "a", "b")).rejects.toThrow(new Error(`Path is a directory, not a file: ${at("d")}`));
    await expect(edit("", "a", "b")).rejects.toThrow(new Error("filePath is required"));
  });

  test("where other bytes would change with it", async () => {
    const latin = Buffer.from("caf\xe9 one", "latin1");
    await put("latin", latin);
    await expect(edit("latin", "one", "two")).rejects.toThrow(/latin on box is not UTF-8 text/);
    expect(await bytes("latin")).toBe(latin.toString("latin1"));
  });
});

describe("permissions", () => {
  test("edit is asked with the diff before anything is written", async () => {
    await put("f", "one\n");
    let whenAsked = "";
    bench.onAsk = async () => {
      whenAsked = await bytes("f");
    };
    await edit(at("f"), "one", "two");
    expect(whenAsked).toBe("one\n");
    const diff = diffOf("f", "@@ -1,1 +1,1 @@\n-one\n+two\n");
    expect(bench.asked).toEqual([
      { permission: "edit", patterns: ["f"], always: ["*"], metadata: { filepath: at("f"), diff } },
    ]);
  });

  test("outside the workspace the place is asked before anything is sent", async () => {
    const file = join(bench.outside, "f");
    await writeFile(file, "one");
    const before = bench.host.sent.length;
    const sent: number[] = [];
    bench.onAsk = () => void sent.push(bench.host.sent.length - before);
    await edit(file, "one", "two");
    expect(bench.asked.map((each) => each.permission)).toEqual(["external_directory", "edit"]);
    expect(bench.asked[0]?.patterns).toEqual([`${bench.outside}/*`]);
    expect(sent[0]).toBe(0);
  });

  test.each(["external_directory", "edit"])("a rejected %s passes through and nothing is written", async (kind) => {
    const file = join(bench.outside, "f");
    await writeFile(file, "one");
    const rejection = { kind };
    bench.onAsk = (question) => {
      if (question.permission === kind) throw rejection;
    };
    await expect(edit(file, "one", "two")).rejects.toBe(rejection);
    expect(await readFile(file, "utf8")).toBe("one");
    await expect(edit(join(bench.outside, "new"), "", "x")).rejects.toBe(rejection);
    expect(existsSync(join(bench.outside, "new"))).toBe(false);
  });

  test("what changes on the remote while the question is open is a conflict", async () => {
    await put("f", "one");
    bench.onAsk = () => put("f", "One");
    await expect(edit("f", "one", "two")).rejects.toMatchObject({ code: "conflict" });
    expect(await bytes("f")).toBe("One");
  });
});
