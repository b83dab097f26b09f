import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runOpencode } from "../../../src/launch/run-opencode.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "rc run-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function script(text: string, mode = 0o755): Promise<string> {
  const path = join(directory, "opencode");
  await writeFile(path, `#!/bin/sh\n${text}\n`, { mode });
  return path;
}

async function run(opencode: string, args: string[] = []) {
  let stdout = "";
  const onStdout = (text: string) => {
    stdout += text;
  };
  const { exitCode } = await runOpencode({ opencode, args, directory, env: { PATH: process.env.PATH }, onStdout });
  return { exitCode, stdout };
}

test("every word arrives as it is, and the exit code is OpenCode's", async () => {
  const words = ["two words", 'a "quote" & more', "%PATH%", "$HOME", ""];
  const opencode = await script('printf "<%s>" "$@"; exit 7');
  expect(await run(opencode, words)).toEqual({ exitCode: 7, stdout: words.map((word) => `<${word}>`).join("") });
});

test("its working directory is the session's, also by PWD", async () => {
  const { stdout } = await run(await script('echo "$PWD"'));
  expect(stdout).toBe(`${directory}\n`);
});

test("an end by a signal is told as shells do", async () => {
  expect(await run(await script("kill -TERM $$"))).toMatchObject({ exitCode: 128 + 15 });
});

test("a program that cannot be started is one sentence with its path and what to do", async () => {
  const plain = await script("exit 0", 0o644);
  for (const path of [plain, join(directory, "missing")]) {
    const error: unknown = await run(path).catch((reason: unknown) => reason);
    if (!(error instanceof Error)) throw new Error("it started");
    expect(error.message).toMatch(/^Cannot start OpenCode \(.*\): .*(EACCES|ENOENT).*; install it again/);
    expect(error.message).toContain(`(${path})`);
  }
});

test("no listener stays behind", async () => {
  const count = () => (["SIGINT", "SIGTERM", "SIGHUP"] as const).map((signal) => process.listenerCount(signal));
  const before = count();
  await run(await script("exit 0"));
  await run(join(directory, "missing")).catch(() => {});
  expect(count()).toEqual(before);
});
