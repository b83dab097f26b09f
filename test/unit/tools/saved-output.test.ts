import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { saveOutput } from "../../../src/tools/saved-output.ts";

let base: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "rc-saved-"));
});
afterEach(() => rm(base, { recursive: true, force: true }));

test("a file is named as OpenCode names its own, so that it is removed with them", async () => {
  const [first, second] = [saveOutput(join(base, "a", "b")), saveOutput(join(base, "a", "b"))];
  for (const { path } of [first, second]) expect(basename(path ?? "")).toMatch(/^tool_[0-9a-f]{12}[0-9A-Za-z]{14}$/);
  expect(first.path).not.toBe(second.path);
  first.remove();
  second.remove();
});

test("what comes is in the file at once, up to the cap; the rest is counted", async () => {
  const saved = saveOutput(base, 10);
  saved.write(Buffer.from("12345"));
  expect(await readFile(saved.path ?? "", "utf8")).toBe("12345");
  saved.write(Buffer.from("6789012"));
  saved.write(Buffer.from("345"));
  saved.close();
  expect(await readFile(saved.path ?? "", "utf8")).toBe("1234567890");
  expect(saved.dropped).toBe(5);
});

test("after it was closed or removed nothing is written and nothing is thrown", async () => {
  const saved = saveOutput(base);
  saved.close();
  saved.write(Buffer.from("late"));
  expect(await readFile(saved.path ?? "", "utf8")).toBe("");
  saved.remove();
  saved.remove();
  saved.write(Buffer.from("later"));
  expect(await readdir(base)).toEqual([]);
  expect(saved.path).toBeUndefined();
});
