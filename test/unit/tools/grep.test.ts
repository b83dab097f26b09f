import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ToolBench, toolBench } from "../../support/tool-call.ts";

let bench: ToolBench;
let at: (name: string) => string;
const grep = (pattern: string, rest: { path?: string; include?: string } = {}) =>
  bench.call("grep", { pattern, ...rest });

beforeEach(async () => {
  bench = await toolBench();
  at = (name) => join(bench.root, name);
  await mkdir(at("src"));
  await writeFile(at("src/a.ts"), "const one = 1;\nlet two;\nconst three = 3;\n");
});
afterEach(() => bench[Symbol.asyncDispose]());

test("shows each match below its file, with the line's own line break", async () => {
  expect(await grep("const")).toEqual({
    title: "const",
    output: `Found 2 matches\n${at("src/a.ts")}:\n  Line 1: const one = 1;\n\n  Line 3: const three = 3;\n`,
    metadata: { matches: 2, truncated: false },
  });
});

test("separates files by a blank line", async () => {
  await writeFile(at("src/b.ts"), "const b");
  const { output } = await grep("const (one|b)");
  expect(
    output
      .split("\n")
      .filter((line) => line.startsWith("/"))
      .sort(),
  ).toEqual([`${at("src/a.ts")}:`, `${at("src/b.ts")}:`]);
  expect(output).toMatch(/\n\n\/[^\n]*:\n {2}Line 1: /);
});

test("keeps to files that match include", async () => {
  await writeFile(at("src/a.md"), "const\n");
  const { output, metadata } = await grep("const", { include: "*.md" });
  expect(output).toContain(at("src/a.md"));
  expect(metadata).toEqual({ matches: 1, truncated: false });
});

test("says when there is nothing", async () => {
  expect(await grep("absent")).toEqual({
    title: "absent",
    output: "No files found",
    metadata: { matches: 0, truncated: false },
  });
});

test("shows the first 100 matches and says that there are more", async () => {
  await writeFile(at("many"), "hit\n".repeat(150));
  const { output, metadata } = await grep("hit");
  expect(output).toMatch(/^Found 100 matches \(more matches available\)\n/);
  expect(output).toMatch(/\n\n\(Results truncated\. Consider using a more specific path or pattern\.\)$/);
  expect(output.match(/ {2}Line/g)).toHaveLength(100);
  expect(metadata).toEqual({ matches: 100, truncated: true });
});

test("cuts a line after 2000 characters", async () => {
  await writeFile(at("long"), `hit${"x".repeat(3000)}\n`);
  const { output } = await grep("hit");
  expect(output).toMatch(/ {2}Line 1: hitx{1997}\.\.\.$/);
});

test("searches the directory of a path that is a file", async () => {
  await writeFile(at("src/b.ts"), "const b\n");
  expect((await grep("const", { path: "src/a.ts" })).metadata).toMatchObject({ matches: 3 });
});

test("tells ripgrep's own words about a bad pattern, and refuses an empty one", async () => {
  await expect(grep("(")).rejects.toThrow(/regex parse error/);
  await expect(grep("")).rejects.toThrow(new Error("pattern is required"));
  await expect(grep("x", { path: "nope" })).rejects.toMatchObject({ code: "not_found" });
});

test("asks for the pattern, then for the place outside, and sends nothing before", async () => {
  const before = bench.host.sent.length;
  const sent: number[] = [];
  bench.onAsk = () => void sent.push(bench.host.sent.length - before);
  await grep("x", { path: bench.outside, include: "*.ts" });
  const metadata = { pattern: "x", path: bench.outside, include: "*.ts" };
  expect(bench.asked).toEqual([
    { permission: "grep", patterns: ["x"], always: ["*"], metadata },
    expect.objectContaining({ permission: "external_directory", patterns: [`${bench.outside}/*`] }),
  ]);
  expect(sent).toEqual([0, 0]);
});

test("a rejection passes through as the same object and nothing is sent", async () => {
  const before = bench.host.sent.length;
  const rejection = { denied: true };
  bench.onAsk = () => {
    throw rejection;
  };
  await expect(grep("x")).rejects.toBe(rejection);
  expect(bench.host.sent.length).toBe(before);
});
