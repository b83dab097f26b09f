import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { createWorkspace, type WorkspaceOptions } from "../../src/workspace/workspace.ts";
import { loginShell } from "../support/login-shells.ts";
import { sshHost } from "../support/ssh-place.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { startSshd } from "../support/sshd.ts";

/** The tools' view of an account of this server. */
function workspaceOf(sshd: SshServer, options: Omit<WorkspaceOptions, "host" | "mirror">) {
  const host = sshHost(sshd);
  const workspace = createWorkspace({ host, mirror: () => join(sshd.dir, "mirror"), ...options });
  const run = async (command: string, env: Record<string, string> = {}) => {
    const chunks: Uint8Array[] = [];
    const onOutput = (chunk: Uint8Array) => void chunks.push(chunk);
    const { exitCode } = await workspace.command(command, { timeoutMs: 30_000, env, onOutput });
    return [Buffer.concat(chunks).toString(), exitCode];
  };
  return {
    host,
    run,
    async [Symbol.asyncDispose]() {
      await host[Symbol.asyncDispose]();
      await workspace[Symbol.asyncDispose]();
    },
  };
}

async function write(sshd: SshServer, file: string, text: string): Promise<void> {
  await mkdir(dirname(join(sshd.home, file)), { recursive: true });
  await writeFile(join(sshd.home, file), text);
}

/** Where nvm, conda and the like put themselves: often what only interactive or only login shells read. */
const places = [
  ["bash", ".profile", "echo hello; export TOOL=/opt/tool; PATH=/opt/tool/bin:$PATH; trap 'echo bye' EXIT"],
  ["zsh", ".zshrc", "print hello; export TOOL=/opt/tool; path=(/opt/tool/bin $path)"],
  [
    "fish",
    ".config/fish/config.fish",
    "echo hello; status is-interactive; and set -gx TOOL /opt/tool; set -gx PATH /opt/tool/bin $PATH",
  ],
  ["tcsh", ".cshrc", "echo hello; setenv TOOL /opt/tool; setenv PATH /opt/tool/bin:$PATH"],
  ["ash", ".profile", "echo hello; export TOOL=/opt/tool PATH=/opt/tool/bin:$PATH"],
] as const;

test.each(places)("a command gets what a login by %s sets in %s, and no more", async (name, file, text) => {
  await using shell = await loginShell(name);
  await using sshd = await startSshd({ shell: shell.path });
  await write(sshd, file, `${text}\n`);
  await using workspace = workspaceOf(sshd, { loginEnv: true });
  const command = 'echo "$TOOL $(echo $PATH | cut -d: -f1) $PWD $OWN"; env | grep -c REMOTE_CODE; exit 3';
  expect(await workspace.run(command, { OWN: "own" })).toEqual([`/opt/tool /opt/tool/bin ${sshd.home} own\n0\n`, 3]);
  expect(await workspace.run('echo "$TOOL"', { TOOL: "the caller's" })).toEqual(["the caller's\n", 0]);
});

test("without the setting, the environment is that of a command over ssh", async () => {
  await using sshd = await startSshd({ shell: "/bin/bash" });
  await write(sshd, ".profile", "export TOOL=/opt/tool\n");
  await using workspace = workspaceOf(sshd, {});
  expect(await workspace.run('echo "[$TOOL]"')).toEqual(["[]\n", 0]);
});

test("a connection made anew captures it anew", async () => {
  await using sshd = await startSshd({ shell: "/bin/bash" });
  await write(sshd, ".profile", "export TOOL=first\n");
  await using workspace = workspaceOf(sshd, { loginEnv: true });
  expect(await workspace.run('echo "$TOOL"')).toEqual(["first\n", 0]);
  await write(sshd, ".profile", "export TOOL=second\n");
  expect(await workspace.run('echo "$TOOL"')).toEqual(["first\n", 0]);
  const lost = new Promise<void>((resolve) => {
    workspace.host.onState(({ kind }) => kind === "failed" && resolve());
  });
  await sshd.restart();
  await lost;
  expect(await workspace.run('echo "$TOOL"')).toEqual(["second\n", 0]);
});

test("start files that hang hold the first command for 5 s, are said, and leave no process behind", async () => {
  await using sshd = await startSshd({ shell: "/bin/bash" });
  await write(sshd, ".profile", "sleep 987654\n");
  await using workspace = workspaceOf(sshd, { loginEnv: true });
  const notice =
    "The login environment of 127.0.0.1 is not applied (REMOTE_LOGIN_ENV): the account's start files took longer than 5 s.\n";
  expect(await workspace.run("echo ran")).toEqual([`${notice}ran\n`, 0]);
  expect(await workspace.run("echo again")).toEqual(["again\n", 0]);
  expect(execFileSync("ps", ["-u", sshd.user, "-o", "args="], { encoding: "utf8" })).not.toContain("987654");
});

test("the chosen shell is found on the login's PATH, and one that is not there is named", async () => {
  await using sshd = await startSshd({ shell: "/bin/bash" });
  await write(sshd, ".profile", `PATH=${sshd.home}/bin:$PATH\n`);
  await write(sshd, "bin/myshell", '#!/bin/sh\necho "mine: $2"\n');
  execFileSync("chmod", ["755", join(sshd.home, "bin/myshell")]);
  await using workspace = workspaceOf(sshd, { loginEnv: true, shell: "myshell" });
  expect(await workspace.run("some text")).toEqual(["mine: some text\n", 0]);
  await using other = workspaceOf(sshd, { shell: "myshell" });
  await expect(other.run("some text")).rejects.toThrow("There is no shell myshell on 127.0.0.1; set REMOTE_SHELL");
});
