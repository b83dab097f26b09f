import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { type ConnectOptions, connect } from "../../src/ssh/connect.ts";
import type { SshTarget } from "../../src/ssh/target.ts";
import { failure, run } from "../support/connection.ts";
import { abortListeners, collectGarbage, openResources } from "../support/resources.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { targetOf } from "../support/ssh-target.ts";
import { startSshd } from "../support/sshd.ts";

/** More would only wait for the server's processors. */
const atOnce = 5;

/** Runs a cycle so often, a few at a time. */
async function repeat(times: number, cycle: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < times) await cycle(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

/** What ended connections leave behind, of everything that they may share. */
async function leavesNothing(server: SshServer, work: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  const { signal } = new AbortController();
  await vi.waitFor(() => expect(server.sessionPids()).toEqual([]), 5_000);
  const before = openResources();
  const more = () => Object.entries(openResources()).filter(([kind, count]) => count > (before[kind] ?? 0));
  await work(signal);
  await vi.waitFor(() => expect(server.sessionPids()).toEqual([]), 5_000);
  // Whoever waits here has timers of his own.
  await vi.waitFor(() => expect(more().filter(([kind]) => kind !== "Timeout")).toEqual([]), 5_000);
  expect(more()).toEqual([]);
  expect(abortListeners(signal)).toBe(0);
}

/** Makes a connection, uses it and closes it; what is left of it afterwards is only what somebody still refers to. */
async function cycle(target: SshTarget, options: ConnectOptions, seen: WeakRef<object>[] = []): Promise<void> {
  await using connection = await connect(target, options);
  seen.push(new WeakRef(connection.client));
  expect(await run(connection, "echo x")).toBe("x\n");
  connection.check();
}

describe("nothing is left", () => {
  test("of 500 connections that were made, used and closed", async () => {
    await using sshd = await startSshd({ shell: "/bin/sh" });
    const target = targetOf(sshd);
    const seen: WeakRef<object>[] = [];
    // What is loaded once is no leak.
    await cycle(target, {});
    await leavesNothing(sshd, (signal) => repeat(500, () => cycle(target, { signal }, seen)));
    expect(seen.length).toBe(500);
    await vi.waitFor(() => {
      collectGarbage();
      // A collector that looks at the stack takes some for alive.
      expect(seen.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(20);
    }, 5_000);
  });

  test("of logins that were refused", async () => {
    await using sshd = await startSshd();
    const target = targetOf(sshd, { identityFiles: [] });
    await failure(target);
    await leavesNothing(sshd, (signal) =>
      repeat(50, async () => expect((await failure(target, { signal })).code).toBe("auth_failed")),
    );
  });

  test("of attempts that were aborted at any moment", async () => {
    await using sshd = await startSshd();
    const target = targetOf(sshd);
    await cycle(target, {});
    await leavesNothing(sshd, () =>
      repeat(80, async (index) => {
        const abort = new AbortController();
        const timer = setTimeout(() => abort.abort(new Error("enough")), index);
        // Some are faster than their abort.
        await connect(target, { signal: abort.signal }).then(
          (connection) => connection[Symbol.asyncDispose](),
          (reason: unknown) => expect(reason).toEqual(new Error("enough")),
        );
        clearTimeout(timer);
        expect(abortListeners(abort.signal)).toBe(0);
      }),
    );
  });

  test("of jump hosts and proxy commands, of their failures and aborts", async () => {
    await using gate = await startSshd();
    await using sshd = await startSshd();
    const dir = await mkdtemp(join(tmpdir(), "rc-leaks-"));
    const words = `-F none -i ${gate.clientKey} -o UserKnownHostsFile=${gate.knownHosts} -p ${gate.port}`;
    const proxyCommand = `ssh ${words} -W 127.0.0.1:${sshd.port} ${gate.user}@127.0.0.1`;
    const ways = [targetOf(sshd, { jumps: [targetOf(gate)] }), targetOf(sshd, { proxyCommand })];
    const dead = targetOf(sshd, { proxyCommand: "false" });
    const work = async (target: SshTarget, signal?: AbortSignal) => {
      await cycle(target, { signal });
      await failure({ ...target, identityFiles: [] }, { signal });
      await failure(dead, { signal });
      const abort = new AbortController();
      const connecting = connect(target, { signal: abort.signal });
      const failed = expect(connecting).rejects.toThrow("enough");
      await vi.waitFor(() => expect(abortListeners(abort.signal)).toBeGreaterThan(0));
      abort.abort(new Error("enough"));
      await failed;
    };
    try {
      for (const target of ways) await work(target);
      await leavesNothing(gate, (signal) => repeat(10, (index) => work(ways[index % 2] ?? dead, signal)));
      await vi.waitFor(() => expect(sshd.sessionPids()).toEqual([]), 5_000);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });
});
