import { execFileSync } from "node:child_process";
import { mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ToolBench, toolBench } from "../../support/tool-call.ts";

const name = "tool_1fe9b4c55000z7GTDjnpHm8vpL";
const secret = "local secret\n";
let bench: ToolBench;
let path: string;
beforeEach(async () => {
  bench = await toolBench();
  const { outputDirectory } = bench.opencode;
  await mkdir(outputDirectory, { recursive: true });
  path = join(outputDirectory, name);
  await writeFile(path, "first\nsecond\n");
});
afterEach(() => bench[Symbol.asyncDispose]());
const read = (filePath: string, page: { offset?: number; limit?: number } = {}) =>
  bench.call("read", { filePath, ...page });
const grep = (pattern: string, rest: { path?: string; include?: string }) => bench.call("grep", { pattern, ...rest });

describe("an output that OpenCode saved on this machine", () => {
  test("is read there, with the built-in's words, after the built-in's questions, and nothing is sent", async () => {
    const before = bench.host.sent.length;
    const { output, metadata, title } = await read(path);
    expect(output).toBe(
      `<path>${path}</path>\n<type>file</type>\n<content>\n1: first\n2: second\n\n(End of file - total 2 lines)\n</content>`,
    );
    expect(title).toBe(`../data/tool-output/${name}`);
    expect(metadata).toMatchObject({ preview: "first\nsecond", truncated: false, loaded: [] });
    const pattern = join(bench.opencode.outputDirectory, "*");
    const metadataOfPlace = { filepath: path, parentDir: bench.opencode.outputDirectory };
    expect(bench.asked).toEqual([
      { permission: "external_directory", patterns: [pattern], always: [pattern], metadata: metadataOfPlace },
      { permission: "read", patterns: [title], always: ["*"], metadata: {} },
    ]);
    expect(bench.host.sent.length).toBe(before);
  });

  test("is not read when the user does not want it", async () => {
    const rejection = { denied: true };
    bench.onAsk = () => {
      throw rejection;
    };
    await expect(read(path)).rejects.toBe(rejection);
    await expect(grep("first", { path })).rejects.toBe(rejection);
  });

  test("is shown in pages like any file, giant lines cut", async () => {
    await writeFile(path, `${"x".repeat(3_000_000)}\r\n${"line\n".repeat(5000)}`);
    const first = await read(path, { limit: 1 });
    expect(first.output).toContain(
      `1: ${"x".repeat(2000)}... (line truncated to 2000 chars)\n\n(Showing lines 1-1 of 5001.`,
    );
    expect((await read(path, { offset: 5001 })).output).toContain("5001: line\n\n(End of file - total 5001 lines)");
    await expect(read(path, { offset: 6000 })).rejects.toThrow(
      "Offset 6000 is out of range for this file (5001 lines)",
    );
  });

  test("is refused as binary where the built-in refuses it", async () => {
    await writeFile(path, "a\0b");
    await expect(read(path)).rejects.toThrow(`Cannot read binary file: ${path}`);
  });

  test("is searched alone, not with those of other sessions beside it", async () => {
    await writeFile(join(bench.opencode.outputDirectory, "tool_other"), "second\n");
    const before = bench.host.sent.length;
    const expected = `Found 1 matches\n${path}:\n  Line 2: second\n`;
    expect((await grep("^sec", { path })).output).toBe(expected);
    expect((await grep("^sec", { path: bench.opencode.outputDirectory, include: name })).output).toBe(expected);
    expect((await grep("absent", { path })).output).toBe("No files found");
    expect(bench.asked.map(({ permission }) => permission).slice(0, 2)).toEqual(["grep", "external_directory"]);
    expect(bench.host.sent.length).toBe(before);
  });

  test("shows the first 100 matches and finds what lies deep in a giant line, once", async () => {
    await writeFile(path, `${"x".repeat(1_000_000)}needle${"needle".repeat(10_000)}\n${"needle\n".repeat(150)}`);
    const { output, metadata } = await grep("needle", { path });
    expect(metadata).toEqual({ matches: 100, truncated: true });
    expect(output.match(/ {2}Line 1: /g)).toHaveLength(1);
    expect(output).toMatch(/\n\n\(Results truncated\. Consider using a more specific path or pattern\.\)$/);
  });
});

describe("no other local file is opened: it is looked for on the remote", () => {
  // Here the remote is this machine, so that what was sent tells where a file was looked for.
  const goesRemote = async (filePath: string) => {
    const before = bench.host.sent.length;
    await read(filePath).catch(() => {});
    expect(bench.host.sent.length, filePath).toBeGreaterThan(before);
  };

  test("nor by dots, another name, or as a relative path", async () => {
    const { outputDirectory } = bench.opencode;
    await writeFile(join(outputDirectory, "notes.txt"), secret);
    await mkdir(join(outputDirectory, "sub"));
    await writeFile(join(outputDirectory, "sub", name), secret);
    await writeFile(join(outputDirectory, "..", name), secret);
    for (const each of [
      join(outputDirectory, "notes.txt"),
      join(outputDirectory, "sub", name),
      `${outputDirectory}/../${name}`,
      `${outputDirectory}/sub/../${name}`,
      `${outputDirectory}/./${name}`,
      `${outputDirectory}//${name}`,
      `${path}/`,
      outputDirectory,
      name,
      `../data/tool-output/${name}`,
    ]) {
      await goesRemote(each);
    }
  });

  test("nor by a symlink, a directory or a FIFO under such a name", async () => {
    const { outputDirectory } = bench.opencode;
    const [link, directory, fifo] = ["tool_link", "tool_dir", "tool_fifo"].map((each) => join(outputDirectory, each));
    await writeFile(join(bench.outside, "secret"), secret);
    await symlink(join(bench.outside, "secret"), link ?? "");
    await mkdir(directory ?? "");
    execFileSync("mkfifo", [fifo ?? ""]);
    for (const each of [link, directory, fifo]) {
      const before = bench.host.sent.length;
      await grep("secret", { path: each }).catch(() => {});
      expect(bench.host.sent.length, each).toBeGreaterThan(before);
    }
  });

  test("but a data directory that is itself a symlink is OpenCode's own", async () => {
    const { outputDirectory } = bench.opencode;
    await rename(outputDirectory, `${outputDirectory}-real`);
    await symlink(`${outputDirectory}-real`, outputDirectory);
    expect((await read(path)).output).toContain("1: first");
  });

  test("nor to be written or edited", async () => {
    for (const [tool, args] of [
      ["edit", { filePath: path, oldString: "first", newString: "x" }],
      ["write", { filePath: path, content: "x" }],
    ] as const) {
      const before = bench.host.sent.length;
      await bench.call(tool, args);
      expect(bench.host.sent.length, tool).toBeGreaterThan(before);
    }
  });
});
