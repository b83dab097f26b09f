import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ToolBench, toolBench } from "../../support/tool-call.ts";

let bench: ToolBench;
let at: (name: string) => string;
const glob = (pattern: string, path?: string) =>
  bench.call("glob", { pattern, ...(path === undefined ? {} : { path }) });

beforeEach(async () => {
  bench = await toolBench();
  at = (name) => join(bench.root, name);
  await mkdir(at("src/deep"), { recursive: true });
  for (const name of ["a.ts", "src/b.ts", "src/deep/c.ts", "src/d.js"]) await writeFile(at(name), "");
});
afterEach(() => bench[Symbol.asyncDispose]());

const sorted = (output: string) => output.split("\n").sort();

test("lists absolute paths, at any depth for a pattern without a slash", async () => {
  const { title, output, metadata } = await glob("*.ts");
  expect(sorted(output)).toEqual([at("a.ts"), at("src/b.ts"), at("src/deep/c.ts")]);
  expect(metadata).toEqual({ count: 3, truncated: false });
  expect(title).toBe("");
});

test("searches below path, with the directory as title", async () => {
  const { title, output } = await glob("deep/**", "src");
  expect(output).toBe(at("src/deep/c.ts"));
  expect(title).toBe("src");
});

test("says when there is nothing", async () => {
  expect(await glob("*.nope")).toEqual({
    title: "",
    output: "No files found",
    metadata: { count: 0, truncated: false },
  });
});

test("shows the first 100 and says that there are more", async () => {
  await mkdir(at("many"));
  await Promise.all(Array.from({ length: 101 }, (_, i) => writeFile(at(`many/${i}.txt`), "")));
  const { output, metadata } = await glob("*.txt", "many");
  const [paths = "", notice] = output.split("\n\n");
  expect(paths.split("\n")).toHaveLength(100);
  expect(notice).toBe(
    "(Results are truncated: showing first 100 results. Consider using a more specific path or pattern.)",
  );
  expect(metadata).toEqual({ count: 100, truncated: true });
});

test("refuses a path that is a file or that is not there", async () => {
  await expect(glob("*", "a.ts")).rejects.toThrow(new Error(`glob path must be a directory: ${at("a.ts")}`));
  await expect(glob("*", "nope")).rejects.toMatchObject({ code: "not_found" });
});

test("asks for the pattern, then for the place outside, and sends nothing before", async () => {
  const before = bench.host.sent.length;
  const sent: number[] = [];
  bench.onAsk = () => void sent.push(bench.host.sent.length - before);
  await glob("*.ts", bench.outside);
  const place = `${bench.outside}/*`;
  expect(bench.asked).toEqual([
    { permission: "glob", patterns: ["*.ts"], always: ["*"], metadata: { pattern: "*.ts", path: bench.outside } },
    {
      permission: "external_directory",
      patterns: [place],
      always: [place],
      metadata: { filepath: bench.outside, parentDir: bench.outside },
    },
  ]);
  expect(sent).toEqual([0, 0]);
});

test("a rejection passes through as the same object and nothing is sent", async () => {
  const before = bench.host.sent.length;
  const rejection = { denied: true };
  bench.onAsk = () => {
    throw rejection;
  };
  await expect(glob("*")).rejects.toBe(rejection);
  expect(bench.host.sent.length).toBe(before);
});
