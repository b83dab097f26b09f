import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { remotePath } from "../../../src/remote/path.ts";
import { runCommand } from "../../../src/workspace/command.ts";
import { localShell } from "../../support/local-shell.ts";
import { toolPath } from "../../support/tool-path.ts";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "rc-command-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function run(command: string, path?: string) {
  const chunks: Uint8Array[] = [];
  const onOutput = (chunk: Uint8Array) => void chunks.push(chunk);
  const shell = localShell(["dash"], { path });
  const result = await runCommand(shell, command, { cwd: remotePath("/"), timeoutMs: 10_000, onOutput });
  return { text: Buffer.concat(chunks).toString(), ended: result.ended, exitCode: result.exitCode };
}

test("a command is run by bash, both streams in one order", async () => {
  const { text, exitCode } = await run("echo a; echo b >&2; [[ x == x ]] && echo c; exit 4");
  expect([text, exitCode]).toEqual(["a\nb\nc\n", 4]);
});

test("without bash it is run by sh", async () => {
  const path = await toolPath(join(dir, "bin"), "system");
  await rm(join(path, "bash"));
  expect((await run('echo "[$BASH_VERSION]" it\\\'s; echo err >&2', path)).text).toBe("[] it's\nerr\n");
});

test("no startup file is read and standard input is at its end", async () => {
  expect((await run('echo "$-"; cat; echo end')).text).toMatch(/^[^i]*\nend\n$/);
});

test("a syntax error is a result with bash's own words", async () => {
  const { text, ended, exitCode } = await run("if true");
  expect(text).toMatch(/syntax error/);
  expect([ended, exitCode === 0]).toEqual(["exited", false]);
});

test("a timeout ends it", async () => {
  const options = { timeoutMs: 200, onOutput: () => {} };
  expect((await runCommand(localShell(["dash"]), "sleep 30", options)).ended).toBe("timed-out");
});
