import { mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { HostState, RemoteHost } from "../../../src/remote/host.ts";
import type { ExecResult } from "../../../src/remote/shell.ts";
import { captureScript, loginEnvironment, parseCapture } from "../../../src/workspace/login-environment.ts";
import { localShell } from "../../support/local-shell.ts";
import { findTool, toolPath } from "../../support/tool-path.ts";

const mark = "0123456789abcdef0123456789abcdef";
let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "rc-login-env-"));
});
afterEach(() => rm(home, { recursive: true, force: true }));

/** What a login by `shell` adds, with these start files, as our script sees it under dash. */
async function capture(shell: string, files: Record<string, string>, path?: string) {
  for (const [name, text] of Object.entries(files)) await writeFile(join(home, name), text);
  const env = { SHELL: findTool(shell) ?? shell, LOGNAME: userInfo().username };
  const { stdout } = await localShell(["dash"], { home, path }).exec(captureScript(mark), { env });
  return parseCapture(Buffer.from(stdout).toString("utf8"), mark);
}

/** Login shells set it, in /etc/profile. */
const PATH = expect.any(String);

const noise = `echo welcome; echo oops >&2; trap 'echo bye' EXIT\n`;

test.each([
  ["bash", { ".bash_profile": '. "$HOME/.bashrc"\n', ".bashrc": `case $- in *i*) ;; *) return;; esac\n${noise}` }],
  ["zsh", { ".zprofile": noise, ".zshrc": "" }],
  ["dash", { ".profile": noise }],
])("what %s sets in its start files, and nothing of the session", async (shell, files) => {
  const last = Object.keys(files).at(-1) ?? "";
  const text = `${Object.values(files).at(-1)}export NVM_DIR=/opt/nvm PATH="/opt/nvm/bin:$PATH" EMPTY= LINES2='a
b=c'\nnot_exported=1\nf() { :; }\n`;
  expect(await capture(shell, { ...files, [last]: text })).toEqual({
    NVM_DIR: "/opt/nvm",
    PATH: expect.stringMatching(/^\/opt\/nvm\/bin:/),
    EMPTY: "",
    LINES2: "a\nb=c",
  });
});

test("an exported function, the terminal, the session and what the shell keeps are left out", async () => {
  const text = "f() { :; }; export -f f; export TERM=xterm TMOUT=5 SSH_TTY=/dev/x SHELLOPTS BASHOPTS KEPT=1; cd /\n";
  expect(await capture("bash", { ".bash_profile": text })).toEqual({ KEPT: "1", PATH });
});

test("where env has no -0, awk tells the same", async () => {
  const path = await toolPath(join(home, "bin"), "system");
  await rm(join(path, "env"));
  await symlink(findTool("awk") ?? "", join(path, "awk"));
  await writeFile(join(path, "env"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  const text = "export A='x\ny' B='it is = \\n'\n";
  expect(await capture("bash", { ".bash_profile": text }, path)).toEqual({ A: "x\ny", B: "it is = \\n", PATH });
});

test("a variable so long that no program would start with it is left out", async () => {
  const text = "export LONG=$(head -c 100000 /dev/zero | tr '\\0' x) SHORT=1\n";
  expect(await capture("bash", { ".bash_profile": text })).toEqual({ SHORT: "1", PATH });
});

test.each(["exit 0\n", "exec cat\n"])("start files that give no shell give nothing: %j", async (text) => {
  expect(await capture("bash", { ".bash_profile": text })).toBeUndefined();
});

test("nothing is left in the home", async () => {
  await capture("bash", { ".bash_profile": "HISTFILE=$HOME/history\n" });
  expect(await readdir(home)).toEqual([".bash_profile"]);
});

describe("of a host", () => {
  /** A host whose connections come and whose scripts end as the test says. */
  function fakeHost(exec: () => Promise<ExecResult>) {
    const listeners = new Set<(state: HostState) => void>();
    let state: HostState = { kind: "idle" };
    const connected = () => {
      state = { kind: "connected", hostKey: "SHA256:x", notices: [] };
      for (const listener of listeners) listener(state);
    };
    const host: Pick<RemoteHost, "identity" | "shell" | "state" | "onState" | "connect"> = {
      identity: { user: "me", host: "box", port: 22 },
      shell: { exec },
      get state() {
        return state;
      },
      onState(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      connect: async () => connected(),
    };
    return { host, connected };
  }
  const ended = (how: ExecResult["ended"], text = ""): ExecResult => ({
    stdout: Buffer.from(text),
    stderr: Buffer.alloc(0),
    ended: how,
    exitCode: undefined,
  });

  test("it is captured with the connection, and again with the next one", async () => {
    let captures = 0;
    const { host, connected } = fakeHost(async () => {
      captures++;
      return ended("exited");
    });
    const source = loginEnvironment(host);
    expect(captures).toBe(0);
    await source.current(undefined);
    await source.current(undefined);
    expect(captures).toBe(1);
    connected();
    await source.current(undefined);
    expect(captures).toBe(2);
    source.stop();
    connected();
    expect(captures).toBe(2);
  });

  test.each([
    ["timed-out", "took longer than 5 s"],
    ["exited", "ended or replaced the shell, or set too much"],
  ] as const)("a capture that %s is told once", async (how, why) => {
    const source = loginEnvironment(fakeHost(async () => ended(how)).host);
    const notice = `The login environment of box is not applied (REMOTE_LOGIN_ENV): the account's start files ${why}.`;
    expect(await source.current(undefined)).toEqual({ variables: {}, notice });
    expect(await source.current(undefined)).toEqual({ variables: {} });
  });
});
