import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ToolBench, toolBench } from "../../support/tool-call.ts";

let bench: ToolBench;
let at: (name: string) => string;
const put = (name: string, content: string | Uint8Array) => writeFile(at(name), content);
const bytes = (name: string) => readFile(at(name), "latin1");
const apply = (...lines: string[]) =>
  bench.call("apply_patch", { patchText: ["*** Begin Patch", ...lines, "*** End Patch"].join("\n") });

beforeEach(async () => {
  bench = await toolBench();
  at = (name) => join(bench.root, name);
});
afterEach(() => bench[Symbol.asyncDispose]());

describe("a patch", () => {
  test("adds, updates, deletes and moves in one call and lists what it did", async () => {
    await put("change", "a\nb\n");
    await put("gone", "x\n");
    await put("from", "1\n2\n");
    const { title, output, metadata } = await apply(
      "*** Add File: new/n.txt",
      "+N",
      "*** Update File: change",
      "@@",
      " a",
      "-b",
      "+B",
      "*** Delete File: gone",
      "*** Update File: from",
      "*** Move to: to/there",
      "@@",
      "-1",
      "+one",
    );
    const listed = "Success. Updated the following files:\nA new/n.txt\nM change\nD gone\nM to/there";
    expect(output).toBe(listed);
    expect(title).toBe(listed);
    expect(await bytes("new/n.txt")).toBe("N\n");
    expect(await bytes("change")).toBe("a\nB\n");
    expect(await bytes("to/there")).toBe("one\n2\n");
    expect([existsSync(at("gone")), existsSync(at("from"))]).toEqual([false, false]);
    expect(metadata).toMatchObject({
      diagnostics: {},
      files: [
        { filePath: at("new/n.txt"), relativePath: "new/n.txt", type: "add", additions: 1, deletions: 0 },
        { filePath: at("change"), relativePath: "change", type: "update", additions: 1, deletions: 1 },
        { filePath: at("gone"), relativePath: "gone", type: "delete", additions: 0, deletions: 1 },
        { filePath: at("from"), relativePath: "to/there", type: "move", movePath: at("to/there"), additions: 1 },
      ],
    });
    const patches: string[] = metadata?.files.map((file: { patch: string }) => file.patch);
    expect(metadata?.diff).toBe(patches.map((patch) => `${patch}\n`).join(""));
    expect(patches[1]).toContain("-b\n+B\n");
  });

  test("replaces an existing file by an Add section", async () => {
    await put("f", "old\n");
    expect((await apply("*** Add File: f", "+new")).output).toContain("\nA f");
    expect(await bytes("f")).toBe("new\n");
  });

  test("keeps the byte order mark and ends an update with a newline", async () => {
    await put("f", "\uFEFFa\nb");
    await apply("*** Update File: f", "@@", "-b", "+c");
    expect(await bytes("f")).toBe("\xef\xbb\xbfa\nc\n");
  });

  test("leaves the CRLF of untouched lines", async () => {
    await put("f", "a\r\nb\r\nc\r\n");
    await apply("*** Update File: f", "@@", "-b", "+B");
    expect(await bytes("f")).toBe("a\r\nB\nc\r\n");
  });

  test("applies several sections on one file one after the other", async () => {
    await put("f", "1\n2\n3\n");
    await apply("*** Update File: f", "@@", "-1", "+one", "*** Update File: f", "@@", " one", "-2", "+two");
    expect(await bytes("f")).toBe("one\ntwo\n3\n");
  });

  test("can add a file and update it, and delete one and add it again", async () => {
    await put("again", "old\n");
    await apply(
      "*** Add File: f",
      "+a",
      "*** Update File: f",
      "@@",
      "-a",
      "+b",
      "*** Delete File: again",
      "*** Add File: again",
      "+new",
    );
    expect([await bytes("f"), await bytes("again")]).toEqual(["b\n", "new\n"]);
  });

  test("can move a file over an existing one", async () => {
    await put("a", "A\n");
    await put("b", "B\n");
    await apply("*** Update File: a", "*** Move to: b", "@@", "-A", "+AA");
    expect(existsSync(at("a"))).toBe(false);
    expect(await bytes("b")).toBe("AA\n");
  });

  test("can move a file onto itself", async () => {
    await put("a", "A\n");
    await apply("*** Update File: a", "*** Move to: ./a", "@@", "-A", "+AA");
    expect(await bytes("a")).toBe("AA\n");
  });
});

describe("a patch is refused", () => {
  const refused = (patchText: string, message: string) =>
    expect(bench.call("apply_patch", { patchText })).rejects.toThrow(new Error(message));
  const verification = "apply_patch verification failed: ";

  test("when it is empty or malformed", async () => {
    await refused("", "patchText is required");
    await refused("*** Begin Patch\n*** End Patch", "patch rejected: empty patch");
    await refused("nothing", `${verification}Error: Invalid patch format: missing Begin/End markers`);
    await refused("*** Begin Patch\nx\n*** End Patch", `${verification}no hunks found`);
  });

  test("when a file is missing", async () => {
    const wrap = (text: string) => `*** Begin Patch\n${text}\n*** End Patch`;
    await refused(
      wrap("*** Update File: nope\n@@\n-a\n+b"),
      `${verification}Failed to read file to update: ${at("nope")}`,
    );
    await refused(wrap("*** Delete File: nope"), `${verification}NotFound: FileSystem.readFile (${at("nope")})`);
  });

  test("when lines or context are not found", async () => {
    await put("f", "a\n");
    const wrap = (text: string) => `*** Begin Patch\n*** Update File: f\n${text}\n*** End Patch`;
    await refused(wrap("@@\n-x\n-y\n+b"), `${verification}Error: Failed to find expected lines in ${at("f")}:\nx\ny`);
    await refused(wrap("@@ here\n-a\n+b"), `${verification}Error: Failed to find context 'here' in ${at("f")}`);
  });

  test("as a whole when one section does not fit", async () => {
    await put("good", "a\n");
    await put("bad", "b\n");
    const failed = apply(
      "*** Add File: new",
      "+x",
      "*** Update File: good",
      "@@",
      "-a",
      "+A",
      "*** Update File: bad",
      "@@",
      "-z",
      "+y",
    );
    await expect(failed).rejects.toThrow(/expected lines/);
    expect(await bytes("good")).toBe("a\n");
    expect(existsSync(at("new"))).toBe(false);
    expect(bench.asked).toEqual([]);
  });

  test("where other bytes would change with it", async () => {
    await put("latin", Buffer.from("caf\xe9\nx\n", "latin1"));
    await expect(apply("*** Update File: latin", "@@", "-x", "+y")).rejects.toThrow(/latin on box is not UTF-8 text/);
    expect(await bytes("latin")).toBe("caf\xe9\nx\n");
  });

  test("when it would read a directory", async () => {
    await mkdir(at("d"));
    await expect(apply("*** Update File: d", "@@", "-x", "+y")).rejects.toThrow(/directory/);
  });

  test("a binary file can be deleted", async () => {
    await put("bin", Buffer.from([0, 255, 254, 233]));
    await apply("*** Delete File: bin");
    expect(existsSync(at("bin"))).toBe(false);
  });
});

describe("permissions", () => {
  test("edit is asked once for all files, with the diff, before anything is written", async () => {
    await put("a", "1\n");
    let whenAsked = "";
    bench.onAsk = async () => {
      whenAsked = `${await bytes("a")}${existsSync(at("b"))}`;
    };
    const { metadata } = await apply("*** Update File: a", "@@", "-1", "+2", "*** Add File: b", "+x");
    expect(whenAsked).toBe("1\nfalse");
    expect(bench.asked).toEqual([
      {
        permission: "edit",
        patterns: ["a", "b"],
        always: ["*"],
        metadata: { filepath: "a, b", diff: metadata?.diff, files: metadata?.files },
      },
    ]);
  });

  test("a move is asked for by both its names, and its place outside before anything is sent", async () => {
    await put("a", "1\n");
    const before = bench.host.sent.length;
    const sent: number[] = [];
    bench.onAsk = () => void sent.push(bench.host.sent.length - before);
    await apply("*** Update File: a", `*** Move to: ${bench.outside}/b`, "@@", "-1", "+2");
    expect(bench.asked.map((each) => [each.permission, each.patterns])).toEqual([
      ["external_directory", [`${bench.outside}/*`]],
      ["edit", ["a", "../else/b"]],
    ]);
    expect(sent[0]).toBe(0);
    expect(await readFile(join(bench.outside, "b"), "utf8")).toBe("2\n");
  });

  test("a rejection passes through as the same object and nothing is written", async () => {
    await put("a", "1\n");
    const rejection = { denied: true };
    bench.onAsk = () => {
      throw rejection;
    };
    await expect(apply("*** Delete File: a", "*** Add File: b", "+x")).rejects.toBe(rejection);
    expect([existsSync(at("a")), existsSync(at("b"))]).toEqual([true, false]);
  });

  test("a conflict in one file leaves all of them as they are", async () => {
    await put("a", "1\n");
    await put("b", "1\n");
    bench.onAsk = () => put("b", "9\n");
    const sections = ["*** Update File: a", "@@", "-1", "+2", "*** Update File: b", "@@", "-1", "+2"];
    await expect(apply(...sections)).rejects.toMatchObject({ code: "conflict" });
    expect([await bytes("a"), await bytes("b")]).toEqual(["1\n", "9\n"]);
  });
});
