import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { remotePath } from "../../../src/remote/path.ts";
import { runCommand } from "../../../src/workspace/command.ts";
import { localShell } from "../../support/local-shell.ts";
import { findTool, toolPath } from "../../support/tool-path.ts";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "rc-command-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function run(command: string, path?: string, program?: string) {
  const chunks: Uint8Array[] = [];
  const onOutput = (chunk: Uint8Array) => void chunks.push(chunk);
  const shell = localShell(["dash"], { path, home: dir });
  const where = { host: "box", program };
  const result = await runCommand(shell, command, { cwd: remotePath("/"), timeoutMs: 10_000, onOutput, in: where });
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

describe("the user's shell", () => {
  test.each([
    ["bash", 'test -n "$BASH_VERSION" && echo bash'],
    ["zsh", 'test -n "$ZSH_VERSION" && echo zsh'],
    ["dash", 'test -z "$BASH_VERSION$ZSH_VERSION" && echo dash'],
    ["fish", 'test -n "$FISH_VERSION"; and echo fish'],
    ["tcsh", "if ($?tcsh) echo tcsh"],
  ])("%s runs the command line, by name and by path", async (name, command) => {
    expect(await run(command, undefined, name)).toEqual({ text: `${name}\n`, ended: "exited", exitCode: 0 });
    expect((await run(command, undefined, findTool(name))).text).toBe(`${name}\n`);
  });

  test.each(["bash", "zsh", "dash", "fish"])(
    "%s merges the streams, passes status and a closed input on",
    async (name) => {
      const { text, exitCode } = await run('echo a; echo b >&2; cat; echo "it\'s \\\\ !"; exit 4', undefined, name);
      expect([text, exitCode]).toEqual(["a\nb\nit's \\ !\n", 4]);
    },
  );

  test.each(["bash", "zsh", "dash", "fish"])("%s takes a command line longer than an argument may be", async (name) => {
    const command = `# ${"x".repeat(150_000)}\necho "done 'it'"; cat; exit 6`;
    expect(await run(command, undefined, name)).toEqual({ text: "done 'it'\n", ended: "exited", exitCode: 6 });
  });

  test("of bash no start file is read, fish reads its own", async () => {
    await mkdir(join(dir, ".config/fish"), { recursive: true });
    await writeFile(join(dir, ".bashrc"), "echo from bashrc\n");
    await writeFile(join(dir, ".config/fish/config.fish"), "set -gx FROM_CONFIG yes\n");
    expect((await run("echo bash", undefined, "bash")).text).toBe("bash\n");
    expect((await run("echo $FROM_CONFIG", undefined, "fish")).text).toBe("yes\n");
  });

  test.each(["nosuchshell", "/opt/none/zsh"])("that the host has not is named: %s", async (name) => {
    await expect(run("echo no", undefined, name)).rejects.toMatchObject({
      code: "config",
      message: `There is no shell ${name} on box; set REMOTE_SHELL to one that is there, or unset it for bash or sh.`,
    });
  });
});
