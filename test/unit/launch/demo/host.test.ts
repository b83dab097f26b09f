import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, realpath, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DemoHost, startDemoHost } from "../../../../src/launch/demo/host.ts";

interface Ended {
  code: number | null;
  stdout: Buffer;
  stderr: string;
}

function ssh(args: readonly string[], command: string, stdin: Uint8Array | string = ""): Promise<Ended> {
  const child = spawn("ssh", ["-o", "BatchMode=yes", ...args, command], { stdio: "pipe" });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on("error", () => {});
  child.stdin.end(stdin);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) =>
      resolve({ code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() }),
    );
  });
}

describe("startDemoHost", () => {
  let dir: string;
  let host: DemoHost;
  beforeAll(async () => {
    dir = await realpath(await mkdtemp(join(tmpdir(), "demo-dir-")));
    host = await startDemoHost({ dir });
  });
  afterAll(async () => {
    await host[Symbol.asyncDispose]();
    await rm(dir, { recursive: true, force: true });
  });

  it("carries a megabyte of binary through stdin and stdout unchanged", async () => {
    const bytes = randomBytes(1024 * 1024);
    const { code, stdout } = await ssh(host.sshArgs, "cat", bytes);
    expect(code).toBe(0);
    expect(stdout.equals(bytes)).toBe(true);
  });

  it("runs in its directory and reports the exit status and stderr apart from stdout", async () => {
    const ended = await ssh(host.sshArgs, "pwd; echo oops >&2; exit 7");
    expect(ended).toEqual({ code: 7, stdout: Buffer.from(`${dir}\n`), stderr: "oops\n" });
  });

  it("ends a command that leaves its input unread", async () => {
    const { code, stdout } = await ssh(host.sshArgs, "echo done", randomBytes(4 * 1024 * 1024));
    expect(code).toBe(0);
    expect(stdout.toString()).toBe("done\n");
  });

  it("runs several commands at the same time", async () => {
    // Each waits for the file that the other makes.
    const meet = (mine: string, other: string) =>
      ssh(
        host.sshArgs,
        `: > ${mine}; i=0; until [ -e ${other} ] || [ $i -gt 100 ]; do i=$((i+1)); sleep 0.1; done; echo $i`,
      );
    const [a, b] = await Promise.all([meet("a", "b"), meet("b", "a")]);
    expect(Number(a.stdout)).toBeLessThan(100);
    expect(Number(b.stdout)).toBeLessThan(100);
  });

  it("gives commands nothing of the caller's environment but PATH, LANG and the user's name", async () => {
    const { stdout } = await ssh(host.sshArgs, "env");
    const names = stdout
      .toString()
      .split("\n")
      .map((line) => line.split("=")[0]);
    expect(names).not.toContain("VITEST");
    expect(stdout.toString()).toContain(`HOME=${dir}\n`);
  });

  it("keeps its private key readable by the user only and offers the same login through REMOTE_SSH", async () => {
    expect((await stat(host.keyFile)).mode & 0o777).toBe(0o600);
    const { REMOTE_SSH, REMOTE_WORKDIR } = host.env("/srv/app");
    expect(REMOTE_WORKDIR).toBe("/srv/app");
    expect(REMOTE_SSH).toBe(`ssh ${host.sshArgs.join(" ")}`);
  });

  it("refuses every other key", async () => {
    await using other = await startDemoHost({ dir });
    const args = host.sshArgs.map((word) => (word === host.keyFile ? other.keyFile : word));
    const { code, stderr } = await ssh(args, "true");
    expect(code).toBe(255);
    expect(stderr).toContain("Permission denied (publickey)");
  });

  it("kills what its commands left running when it is disposed", async () => {
    const short = await startDemoHost({ dir });
    const { stdout } = await ssh(short.sshArgs, "sleep 300 > /dev/null 2>&1 & echo $!");
    const pid = Number(stdout);
    expect(process.kill(pid, 0)).toBe(true);
    const foreground = ssh(short.sshArgs, ": > started; exec sleep 300");
    await expect
      .poll(() =>
        stat(join(dir, "started")).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    await short[Symbol.asyncDispose]();
    expect((await foreground).code).not.toBe(0);
    await expect.poll(() => isRunning(pid)).toBe(false);
    await expect(stat(short.keyFile)).rejects.toThrow();
  });
});

/** Whether a process runs; an orphan that is dead and not yet reaped by init does not. */
async function isRunning(pid: number): Promise<boolean> {
  const { stdout } = await new Promise<{ stdout: string }>((resolve) => {
    const child = spawn("ps", ["-o", "stat=", "-p", String(pid)]);
    let out = "";
    child.stdout.on("data", (chunk) => {
      out += chunk;
    });
    child.once("close", () => resolve({ stdout: out }));
  });
  return stdout.trim() !== "" && !stdout.startsWith("Z");
}
