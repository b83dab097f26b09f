import { describe, expect, test } from "vitest";
import { clientLogin } from "../../src/openssh/login.ts";
import { ShellHost } from "../../src/posix/host.ts";
import { remotePath } from "../../src/remote/path.ts";
import { nobody } from "../../src/remote/prompter.ts";
import { startDelayLine } from "../support/delay-line.ts";
import { clientHost, clientTargetOf, clientWords } from "../support/openssh-place.ts";
import { startSshd } from "../support/sshd.ts";

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

/** Milliseconds. */
const roundTripMs = 200;
/** Round trips that a busy machine may add before a count is called wrong. */
const slack = 0.9;

/** A session and its request are two round trips, and clients take a moment to start. */
const refilled = () => new Promise((resolve) => setTimeout(resolve, 8 * roundTripMs));

/** The least of some: a busy machine can only add to it. */
async function roundTrips(work: () => Promise<unknown>, attempts = 3): Promise<number> {
  const counts: number[] = [];
  for (let i = 0; i < attempts && (counts.length === 0 || Math.min(...counts) > 1.1); i++) {
    if (i > 0) await refilled();
    const start = performance.now();
    await work();
    counts.push((performance.now() - start) / roundTripMs);
  }
  return Math.min(...counts);
}

test("a warm command and a warm list cost one round trip each", async () => {
  await using sshd = await startSshd({ shell: "/bin/sh" });
  await using line = await startDelayLine(sshd.port, roundTripMs / 2);
  const place = { ...sshd, port: line.port };
  const options = [`IdentityFile=${sshd.clientKey}`, `HostKeyAlias=[127.0.0.1]:${sshd.port}`];
  const target = clientTargetOf(place, { clientArguments: clientWords(place, options) });
  const resolve = async () => target;
  await using host = new ShellHost({
    identity: target,
    open: clientLogin({ commandShells: 3, fileShells: 2, staggerMs: 0, prompter: nobody, resolve }),
  });
  const login = await roundTrips(() => host.connect(), 1);
  await refilled();
  const command = await roundTrips(() => host.shell.exec("true"));
  await refilled();
  const list = await roundTrips(() => host.files.list(remotePath("/")));
  console.log(
    `ROUND TRIPS over the system's ssh: login ${login.toFixed(1)}, command ${command.toFixed(2)}, list ${list.toFixed(2)}`,
  );
  expect(command).toBeLessThan(1.1 + slack);
  expect(list).toBeLessThan(1.1 + slack);
});

describe.each([10, 2, 1])("on a server with MaxSessions %d", (max) => {
  test("twenty commands at once all get their turn", async () => {
    await using sshd = await startSshd({ shell: "/bin/sh", config: [`MaxSessions ${max}`] });
    await using host = clientHost(clientTargetOf(sshd));
    const results = await Promise.all(Array.from({ length: 20 }, (_, i) => host.shell.exec(`echo ${i}`)));
    expect(results.map(({ stdout }) => text(stdout))).toEqual(Array.from({ length: 20 }, (_, i) => `${i}\n`));
  });

  test("commands that run into their timeout are stopped, and files find a session", async () => {
    await using sshd = await startSshd({ shell: "/bin/sh", config: [`MaxSessions ${max}`] });
    await using host = clientHost(clientTargetOf(sshd));
    const long = Array.from({ length: max + 1 }, () => host.shell.exec("exec sleep 60", { timeoutMs: 500 }));
    const file = host.shell.exec("echo file", { lane: "file" });
    expect((await Promise.all(long)).map((result) => result.ended)).toEqual(Array(max + 1).fill("timed-out"));
    expect(text((await file).stdout)).toBe("file\n");
    expect((await host.shell.exec("echo after")).exitCode).toBe(0);
  });

  test("background children that hold their sessions never use them up", async () => {
    await using sshd = await startSshd({ shell: "/bin/sh", config: [`MaxSessions ${max}`] });
    await using host = clientHost(clientTargetOf(sshd));
    for (let i = 0; i < max + 3; i++) {
      expect(text((await host.shell.exec("sleep 300 & echo ok")).stdout)).toBe("ok\n");
    }
  });
});
