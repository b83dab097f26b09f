import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ToolBench, toolBench } from "../../support/tool-call.ts";

let bench: ToolBench;
let at: (name: string) => string;
const bytes = (name: string) => readFile(at(name), "latin1");
const write = (filePath: string, content: string) => bench.call("write", { filePath, content });

beforeEach(async () => {
  bench = await toolBench();
  at = (name) => join(bench.root, name);
});
afterEach(() => bench[Symbol.asyncDispose]());

test("a new file is made with its directories", async () => {
  expect(await write("a/b/c.txt", "one\ntwo")).toEqual({
    title: "a/b/c.txt",
    output: "Wrote file successfully.",
    metadata: { diagnostics: {}, filepath: at("a/b/c.txt"), exists: false },
  });
  expect(await bytes("a/b/c.txt")).toBe("one\ntwo");
});

test("an existing file is replaced as given: no line ending is converted", async () => {
  await writeFile(at("f"), "old\r\n");
  expect((await write("f", "new\nlines\r\n")).metadata).toMatchObject({ exists: true });
  expect(await bytes("f")).toBe("new\nlines\r\n");
});

test("writing the text that is there already is no conflict", async () => {
  await writeFile(at("f"), "same\n");
  await write("f", "same\n");
  await write("f", "same\n");
  expect(await bytes("f")).toBe("same\n");
});

test("a byte order mark is kept from the old file or taken from the new content, and never doubled", async () => {
  await writeFile(at("old"), "\uFEFFx");
  await write("old", "y");
  expect(await bytes("old")).toBe("\xef\xbb\xbfy");
  await write("new", "\uFEFFz");
  expect(await bytes("new")).toBe("\xef\xbb\xbfz");
  await write("new", "\uFEFFz2");
  expect(await bytes("new")).toBe("\xef\xbb\xbfz2");
});

test("a file that is not UTF-8 may be replaced as a whole", async () => {
  await writeFile(at("latin"), Buffer.from("caf\xe9", "latin1"));
  await write("latin", "café");
  expect(await readFile(at("latin"), "utf8")).toBe("café");
});

test("a directory is refused by its remote path", async () => {
  await mkdir(at("d"));
  await expect(write("d", "x")).rejects.toThrow(/d on box is a directory/);
});

describe("permissions", () => {
  test("edit is asked with the diff before anything is written", async () => {
    await writeFile(at("f"), "one\n");
    let whenAsked = "";
    bench.onAsk = async () => {
      whenAsked = await bytes("f");
    };
    await write("f", "two\n");
    expect(whenAsked).toBe("one\n");
    const diff = `Index: ${at("f")}\n${"=".repeat(67)}\n--- ${at("f")}\n+++ ${at("f")}\n@@ -1,1 +1,1 @@\n-one\n+two\n`;
    expect(bench.asked).toEqual([
      { permission: "edit", patterns: ["f"], always: ["*"], metadata: { filepath: at("f"), diff } },
    ]);
  });

  test("outside the workspace the place is asked before anything is sent", async () => {
    const file = join(bench.outside, "f");
    const before = bench.host.sent.length;
    const sent: number[] = [];
    bench.onAsk = () => void sent.push(bench.host.sent.length - before);
    await write(file, "x");
    expect(bench.asked.map((each) => each.permission)).toEqual(["external_directory", "edit"]);
    expect(sent[0]).toBe(0);
    expect(await readFile(file, "utf8")).toBe("x");
  });

  test("a rejection passes through as the same object, nothing is written and the file is free again", async () => {
    const rejection = new Error("The user rejected permission to use this specific tool call.");
    bench.onAsk = () => {
      throw rejection;
    };
    await expect(write("new/f", "x")).rejects.toBe(rejection);
    expect(existsSync(at("new"))).toBe(false);
    bench.onAsk = () => {};
    await write("new/f", "x");
    expect(await bytes("new/f")).toBe("x");
  });

  test("what changes on the remote while the question is open is a conflict, never overwritten", async () => {
    await writeFile(at("f"), "one");
    bench.onAsk = () => writeFile(at("f"), "two");
    await expect(write("f", "mine")).rejects.toMatchObject({ code: "conflict" });
    bench.onAsk = () => writeFile(at("appears"), "two");
    await expect(write("appears", "mine")).rejects.toMatchObject({ code: "conflict" });
    expect([await bytes("f"), await bytes("appears")]).toEqual(["two", "two"]);
  });
});
