import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { OUTPUT_LIMITS, type TailLimits } from "../../../src/text/truncate.ts";
import { collectOutput } from "../../../src/tools/command-output.ts";

let base: string;
let outputDirectory: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "rc-output-"));
  outputDirectory = join(base, "tool-output");
});
afterEach(() => rm(base, { recursive: true, force: true }));

const collect = (chunks: readonly (string | Uint8Array)[], limits: TailLimits = OUTPUT_LIMITS) => {
  const output = collectOutput({ outputDirectory, limits });
  for (const chunk of chunks) output.push(Buffer.from(chunk));
  return output;
};
const finish = (text: string, notices: string[] = [], limits?: TailLimits) => collect([text], limits).finish(notices);
const notice = "\n\n<shell_metadata>\nUser aborted the command\n</shell_metadata>";
const lines = (count: number) => Array.from({ length: count }, (_, index) => `${index}`).join("\n");

describe("the text", () => {
  test.each([
    ["of a silent command says so", "", [], "(no output)"],
    ["of a silent command that was stopped too", "", ["User aborted the command"], `(no output)${notice}`],
    ["is what was printed", "a\n", [], "a\n"],
    ["has the notices behind it", "a", ["User aborted the command"], `a${notice}`],
    ["at 2000 lines is whole", lines(2000), [], lines(2000)],
    ["at 51200 bytes is whole", "é".repeat(25_600), [], "é".repeat(25_600)],
  ])("%s", (_name, printed, notices, expected) => {
    expect(finish(printed, notices)).toMatchObject({ text: expected, truncated: false, path: undefined });
    expect(existsSync(outputDirectory)).toBe(false);
  });

  test.each([
    ["more lines", lines(2001)],
    ["more bytes", "é".repeat(25_601)],
    ["bytes that are not UTF-8 and take more room as replacement characters", Buffer.alloc(20_000, 0xff)],
  ])("with %s is cut to the limits, notices included, and all of it is saved", async (_name, printed) => {
    for (const notices of [[], ["User aborted the command"]]) {
      const { text, truncated, path } = collect([printed]).finish(notices);
      expect(truncated).toBe(true);
      expect(text.startsWith(`...output truncated...\n\nFull output saved to: ${path}\n\n`)).toBe(true);
      expect(text.endsWith(notices.length ? notice : "")).toBe(true);
      expect(text.split("\n").length).toBeLessThanOrEqual(2000);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(51_200);
      expect(Buffer.compare(await readFile(path ?? ""), Buffer.from(printed))).toBe(0);
    }
  });

  test("that only the notices make too long is cut too: OpenCode would cut the notices off", () => {
    const { text } = finish(lines(2000), ["User aborted the command"]);
    expect(text).toMatch(/^\.\.\.output truncated[\s\S]*\n1999\n\n<shell_metadata>/);
    expect(text.split("\n").length).toBe(2000);
  });

  test("obeys the limits that the user gave OpenCode", () => {
    expect(finish(lines(20), [], { maxLines: 10, maxBytes: 51_200 }).text.split("\n").slice(4)).toEqual([
      "14",
      "15",
      "16",
      "17",
      "18",
      "19",
    ]);
    expect(finish(lines(3000), [], { maxLines: 5000, maxBytes: 51_200 }).truncated).toBe(false);
  });

  test("of a giant line that ends shows its tail", () => {
    expect(finish(`${"x".repeat(60_000)}end\n`).text).toMatch(/\n\nx{50000,}end$/);
  });

  test("without room for a file is still an answer, and says why there is none", async () => {
    await writeFile(outputDirectory, "in the way");
    const { text, path } = finish(lines(3000));
    expect(path).toBeUndefined();
    expect(text).toMatch(/^\.\.\.output truncated\.\.\.\n\n\d/);
    expect(text).toMatch(
      /\n2999\n\n<shell_metadata>\nThe full output could not be saved on the local machine: EEXIST[^\n]*\n<\/shell_metadata>$/,
    );
    expect(text.split("\n").length).toBeLessThanOrEqual(2000);
  });
});

describe("characters that packets cut", () => {
  const text = "aé€😀\n".repeat(200);
  const bytes = [...Buffer.from(text)].map((byte) => Uint8Array.of(byte));

  test("are whole in the text", () => {
    expect(collect(bytes).finish([]).text).toBe(text);
  });

  test("are never shown in halves while the command runs", () => {
    const output = collectOutput({ outputDirectory, limits: OUTPUT_LIMITS });
    for (const byte of bytes) {
      output.push(byte);
      expect(text.startsWith(output.preview())).toBe(true);
    }
    expect(output.preview()).toBe(text);
  });

  test("are whole in what is shown of a long output", () => {
    const preview = collect(["😀".repeat(20_000), "x"]).preview();
    expect(preview).toBe(`...\n\n${"😀".repeat(14_999)}x`);
  });
});

describe("what is shown", () => {
  test("is the end, 30000 characters of it", () => {
    const preview = collect(["a".repeat(500_000), "b".repeat(29_999)]).preview();
    expect(preview).toBe(`...\n\na${"b".repeat(29_999)}`);
  });

  test("at the end are no notices, unless there is nothing else", () => {
    expect(finish("a", ["User aborted the command"]).preview).toBe("a");
    expect(finish("", ["User aborted the command"]).preview).toBe(`(no output)${notice}`);
  });
});

test("an output that nobody will be told of leaves no file", async () => {
  const output = collect([lines(30_000)]);
  expect(await readdir(outputDirectory)).toHaveLength(1);
  output.discard();
  expect(await readdir(outputDirectory)).toEqual([]);
});
