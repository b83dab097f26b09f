import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type WholeAnswers, wholeAnswers } from "../../../src/tools/whole-answers.ts";

let directory: string;
let answers: WholeAnswers;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "rc-answers-"));
  answers = wholeAnswers(directory);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test("an answer that OpenCode cut is whole again, and the file it made is gone", async () => {
  const outputPath = join(directory, "tool_1");
  await writeFile(outputPath, "whole");
  answers.keep("call_1", { output: "whole", metadata: { truncated: true } });
  const hooked = { output: "wh...", metadata: { truncated: true, outputPath } };
  await answers.restore("call_1", hooked);
  expect(hooked).toEqual({ output: "whole", metadata: { truncated: true } });
  expect(existsSync(outputPath)).toBe(false);
});

test("the file that an answer itself names stays", async () => {
  const outputPath = join(directory, "tool_1");
  await writeFile(outputPath, "all");
  answers.keep("call_1", { output: "end", metadata: { truncated: true, outputPath } });
  const hooked = { output: "end", metadata: { truncated: false, outputPath } };
  await answers.restore("call_1", hooked);
  expect(hooked.metadata).toEqual({ truncated: true, outputPath });
  expect(existsSync(outputPath)).toBe(true);
});

test("no file elsewhere is removed, whatever OpenCode says", async () => {
  const outputPath = join(directory, "notes.txt");
  await writeFile(outputPath, "mine");
  answers.keep("call_1", { output: "a" });
  await answers.restore("call_1", { output: "b", metadata: { outputPath } });
  expect(existsSync(outputPath)).toBe(true);
});

test("the calls of other tools are left alone, and each answer is given back once", async () => {
  answers.keep("call_1", { output: "a", metadata: {} });
  const other = { output: "other", metadata: { truncated: true } };
  await answers.restore("call_2", other);
  expect(other).toEqual({ output: "other", metadata: { truncated: true } });
  await answers.restore("call_1", { output: "", metadata: {} });
  const again = { output: "again", metadata: {} };
  await answers.restore("call_1", again);
  expect(again.output).toBe("again");
});

test("calls that never end are forgotten in the end", async () => {
  for (let call = 0; call < 1000; call++) answers.keep(`call_${call}`, { output: "x" });
  const early = { output: "early", metadata: {} };
  await answers.restore("call_0", early);
  expect(early.output).toBe("early");
  const late = { output: "late", metadata: {} };
  await answers.restore("call_999", late);
  expect(late.output).toBe("x");
});
