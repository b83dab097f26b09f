import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ShellHost } from "../../src/posix/host.ts";
import { baselineOf } from "../../src/remote/baseline.ts";
import { remotePath } from "../../src/remote/path.ts";
import { nobody } from "../../src/remote/prompter.ts";
import { sshLogin } from "../../src/ssh/login.ts";
import { startDelayLine } from "../support/delay-line.ts";
import { targetOf } from "../support/ssh-target.ts";
import { type Sshd, startSshd } from "../support/sshd.ts";

/** Milliseconds. */
const roundTripMs = 200;
const shortTripMs = 80;
/** Round trips that a busy machine may add before a count is called wrong. */
const slack = 0.9;

/** Long enough for the background to park shells again: a channel and its request are two round trips. */
const refilled = (tripMs: number) => new Promise((resolve) => setTimeout(resolve, 6 * tripMs));

async function onLine(sshd: Sshd, tripMs: number) {
  const line = await startDelayLine(sshd.port, tripMs / 2);
  const target = { ...targetOf(sshd), port: line.port, hostKeyAlias: `[127.0.0.1]:${sshd.port}` };
  const resolve = async () => target;
  const host = new ShellHost({
    identity: target,
    open: sshLogin({ commandShells: 3, fileShells: 2, staggerMs: 0, prompter: nobody, resolve }),
  });
  await host.connect();
  await refilled(tripMs);
  return {
    host,
    async [Symbol.asyncDispose]() {
      await host[Symbol.asyncDispose]();
      await line[Symbol.asyncDispose]();
    },
  };
}

async function roundTrips(work: () => Promise<unknown>, tripMs = roundTripMs): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / tripMs;
}

test("a warm command, read and commit cost one round trip each", async () => {
  await using sshd = await startSshd();
  await using line = await onLine(sshd, roundTripMs);
  const { shell, files } = line.host;
  const dir = await mkdtemp(join(tmpdir(), "rc-trips-"));
  const path = remotePath("file", remotePath(dir));
  const content = Buffer.alloc(4096, "x");
  try {
    expect(await roundTrips(() => shell.exec("true"))).toBeLessThan(1.1 + slack);
    expect(await roundTrips(() => files.commit([{ kind: "write", path, content, baseline: "absent" }]))).toBeLessThan(
      1.1 + slack,
    );
    await refilled(roundTripMs);
    expect(await roundTrips(() => files.read(path, { maxBytes: 1 << 20 }))).toBeLessThan(1.1 + slack);
    const read = await files.read(path, { maxBytes: 1 << 20 });
    const baseline = baselineOf(content, read.kind === "file" ? read.stat.token : "");
    expect(await roundTrips(() => files.commit([{ kind: "write", path, content, baseline }]))).toBeLessThan(
      1.1 + slack,
    );
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

describe.each([10, 2, 1])("on a server with MaxSessions %d", (max) => {
  test("bursts of commands all get their turn, again and again", async () => {
    await using sshd = await startSshd({ config: [`MaxSessions ${max}`] });
    await using line = await onLine(sshd, shortTripMs);
    for (let burst = 0; burst < 2; burst++) {
      const results = await Promise.all(Array.from({ length: 10 }, (_, i) => line.host.shell.exec(`echo ${i}`)));
      expect(results.map((result) => result.ended)).toEqual(Array(10).fill("exited"));
      await refilled(shortTripMs);
      // The lot is full again, nothing was lost to the burst: a shell that has to be opened first costs three.
      expect(await roundTrips(() => line.host.shell.exec("true"), shortTripMs)).toBeLessThan(3);
    }
  });

  test("commands that run into their timeout give their channels back, and files find one", async () => {
    await using sshd = await startSshd({ config: [`MaxSessions ${max}`] });
    await using line = await onLine(sshd, 10);
    const { shell, files } = line.host;
    const long = Array.from({ length: max + 1 }, () => shell.exec("sleep 60", { timeoutMs: 500 }));
    const listed = files.list(remotePath("/"));
    expect((await Promise.all(long)).map((result) => result.ended)).toEqual(Array(max + 1).fill("timed-out"));
    expect((await listed).length).toBeGreaterThan(0);
    expect((await shell.exec("echo after")).exitCode).toBe(0);
  });
});
