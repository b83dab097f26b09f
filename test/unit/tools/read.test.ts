import { execFileSync } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ToolBench, toolBench } from "../../support/tool-call.ts";

let bench: ToolBench;
let at: (name: string) => string;
const put = (name: string, content: string | Uint8Array) => writeFile(at(name), content);
const read = (filePath: string, page: { offset?: number; limit?: number } = {}) =>
  bench.call("read", { filePath, ...page });

beforeEach(async () => {
  bench = await toolBench();
  at = (name) => join(bench.root, name);
});
afterEach(() => bench[Symbol.asyncDispose]());

const page = (path: string, lines: string, notice: string) =>
  `<path>${path}</path>\n<type>file</type>\n<content>\n${lines}\n\n${notice}\n</content>`;

describe("a text file", () => {
  test("is shown with line numbers, title and metadata", async () => {
    await put("a.txt", "one\r\ntwo\n");
    expect(await read("a.txt")).toEqual({
      title: "a.txt",
      output: page(at("a.txt"), "1: one\n2: two", "(End of file - total 2 lines)"),
      metadata: {
        preview: "one\ntwo",
        truncated: false,
        loaded: [],
        display: {
          type: "file",
          path: at("a.txt"),
          text: "one\ntwo",
          lineStart: 1,
          lineEnd: 2,
          totalLines: 2,
          truncated: false,
        },
      },
    });
  });

  test("that is empty shows an empty line", async () => {
    await put("empty", "");
    expect((await read("empty")).output).toBe(page(at("empty"), "", "(End of file - total 0 lines)"));
  });

  test("is paged by offset and limit, and an offset of 0 means 1", async () => {
    await put("five", "a\nb\nc\nd\ne\n");
    const notice = "(Showing lines 2-3 of 5. Use offset=4 to continue.)";
    expect((await read("five", { offset: 2, limit: 2 })).output).toBe(page(at("five"), "2: b\n3: c", notice));
    expect((await read("five", { offset: 0, limit: 1 })).output).toContain("\n1: a\n");
    await expect(read("five", { offset: 6 })).rejects.toThrow(/^Offset 6 is out of range for this file \(5 lines\)$/);
  });

  test("has long lines cut and a page of 50 KB at most", async () => {
    await put("long", `${"x".repeat(2001)}\n`);
    expect((await read("long")).output).toContain(`1: ${"x".repeat(2000)}... (line truncated to 2000 chars)\n`);
    await put("big", `${"y".repeat(999)}\n`.repeat(100));
    const { output, metadata } = await read("big");
    expect(output).toContain("(Output capped at 50 KB. Showing lines 1-51. Use offset=52 to continue.)");
    expect(metadata?.truncated).toBe(true);
  });

  test("is shown without byte order mark, and with U+FFFD for what is not UTF-8", async () => {
    await put("bom", "\uFEFFx\n");
    expect((await read("bom")).output).toContain("\n1: x\n");
    await put("latin", Buffer.from("caf\xe9\n", "latin1"));
    expect((await read("latin")).output).toContain("\n1: caf\uFFFD\n");
  });

  test("is read again after it changed on the remote", async () => {
    await put("a", "one\n");
    await read("a");
    await put("a", "two\n");
    expect((await read("a")).output).toContain("1: two");
  });

  test("is reached through a symbolic link and by an absolute path", async () => {
    await put("real", "x\n");
    await symlink("real", at("link"));
    expect((await read(at("link"))).output).toContain(`<path>${at("link")}</path>`);
  });
});

test("a directory lists its entries sorted, with a slash behind directories and links to them", async () => {
  await mkdir(at("d/sub/.git"), { recursive: true });
  for (const name of ["d/b.txt", "d/.env", "d/A.txt"]) await put(name, "");
  await symlink("sub", at("d/to-sub"));
  const { title, output, metadata } = await read("d");
  const entries = [".env", "A.txt", "b.txt", "sub/", "to-sub/"];
  expect(title).toBe("d");
  expect(output).toBe(
    `<path>${at("d")}</path>\n<type>directory</type>\n<entries>\n${entries.join("\n")}\n\n(5 entries)\n</entries>`,
  );
  expect(metadata).toMatchObject({
    truncated: false,
    loaded: [],
    display: { type: "directory", path: at("d"), entries, offset: 1, totalEntries: 5, truncated: false },
  });
  const second = await read("d", { offset: 2, limit: 2 });
  expect(second.output).toContain(
    "A.txt\nb.txt\n\n(Showing 2 of 5 entries. Use 'offset' parameter to read beyond entry 4)",
  );
});

describe("media and binaries", () => {
  const png = Buffer.from("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "latin1");

  test.each([
    ["p.png", png, "image/png", "Image read successfully"],
    ["misnamed.txt", png, "image/png", "Image read successfully"],
    ["d.pdf", Buffer.from("%PDF-1.4\n"), "application/pdf", "PDF read successfully"],
  ])("%s is attached", async (name, bytes, mime, output) => {
    await put(name, bytes);
    const result = await read(name);
    expect(result.output).toBe(output);
    expect(result.attachments).toEqual([
      { type: "file", mime, url: `data:${mime};base64,${Buffer.from(bytes).toString("base64")}` },
    ]);
  });

  test.each([
    ["a.zip", "just text"],
    ["nul", "a\0b"],
    ["controls", "\x01\x02\x03abc"],
  ])("%s is refused as binary", async (name, content) => {
    await put(name, content);
    await expect(read(name)).rejects.toThrow(new Error(`Cannot read binary file: ${at(name)}`));
  });
});

describe("what cannot be read", () => {
  test("a missing file is named, with up to three similar names of its directory", async () => {
    await expect(read("nope.txt")).rejects.toThrow(new Error(`File not found: ${at("nope.txt")}`));
    for (const name of ["Config.json", "config.json.bak", "old-config.json", "z-config.json", "other"])
      await put(name, "");
    const error: Error = await read("config.json").then(
      () => new Error("was read"),
      (cause) => cause,
    );
    const [head, names = ""] = error.message.split("\n\nDid you mean one of these?\n");
    expect(head).toBe(`File not found: ${at("config.json")}`);
    const similar = ["Config.json", "config.json.bak", "old-config.json", "z-config.json"].map(at);
    expect(names.split("\n")).toHaveLength(3);
    expect(similar).toEqual(expect.arrayContaining(names.split("\n")));
  });

  test("a missing file in a missing directory is named alone", async () => {
    await expect(read("no/where")).rejects.toThrow(new Error(`File not found: ${at("no/where")}`));
  });

  test("a pipe is refused and does not block", async () => {
    execFileSync("mkfifo", [at("fifo")]);
    await expect(read("fifo")).rejects.toMatchObject({ code: "not_regular" });
  });
});

describe("permissions", () => {
  test("inside the workspace only read is asked, by the relative path", async () => {
    await put("a", "x\n");
    await read(at("a"));
    expect(bench.asked).toEqual([{ permission: "read", patterns: ["a"], always: ["*"], metadata: {} }]);
  });

  test("outside the place is asked first and nothing is sent before both answers", async () => {
    const file = join(bench.outside, "f");
    await writeFile(file, "x\n");
    const before = bench.host.sent.length;
    const sentWhenAsked: number[] = [];
    bench.onAsk = () => void sentWhenAsked.push(bench.host.sent.length - before);
    const { title } = await read(file);
    expect(title).toBe("../else/f");
    expect(bench.asked).toEqual([
      {
        permission: "external_directory",
        patterns: [`${bench.outside}/*`],
        always: [`${bench.outside}/*`],
        metadata: { filepath: file, parentDir: bench.outside },
      },
      { permission: "read", patterns: ["../else/f"], always: ["*"], metadata: {} },
    ]);
    expect(sentWhenAsked).toEqual([0, 0]);
  });

  test("a rejection passes through as the same object and nothing is sent", async () => {
    await put("a", "x\n");
    const before = bench.host.sent.length;
    const rejection = { _tag: "PermissionRejectedError" };
    bench.onAsk = () => {
      throw rejection;
    };
    await expect(read("a")).rejects.toBe(rejection);
    expect(bench.host.sent.length).toBe(before);
  });
});
