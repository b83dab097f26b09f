import { describe, expect, test, vi } from "vitest";
import { connect } from "../../../src/ssh/connect.ts";
import type { SshTarget } from "../../../src/ssh/target.ts";
import { run } from "../../support/connection.ts";
import { startDropbear } from "../../support/dropbear.ts";
import { type SilentLine, startSilentLine } from "../../support/silent-line.ts";
import type { SshServer } from "../../support/ssh-server.ts";
import { targetOf } from "../../support/ssh-target.ts";
import { startSshd } from "../../support/sshd.ts";

const over = (line: SilentLine, server: SshServer, overrides: Partial<SshTarget> = {}): SshTarget => {
  const hostKeyAlias = `[127.0.0.1]:${server.port}`;
  return targetOf(server, { host: "box", port: line.port, hostKeyAlias, serverAliveIntervalMs: 0, ...overrides });
};

/** Every call finds the line quiet, and an answer is due at once. Nothing looks at the clock by itself. */
const impatient = { quietMs: -1, answerMs: 200, tickMs: 1_000_000 };

const gaveUp = (line: SilentLine) =>
  `box port ${line.port} no longer answers, so the connection was given up; check the network and try again.`;

describe("a line that falls silent", () => {
  test("is given up when a call begins and no answer comes", async () => {
    await using sshd = await startSshd();
    await using line = await startSilentLine(sshd.port);
    await using connection = await connect(over(line, sshd), { pulse: impatient });
    line.silence();
    connection.check();
    const reason = await connection.closed;
    expect(reason).toMatchObject({ code: "connection_lost", message: gaveUp(line), data: { host: "box" } });
    expect(connection.ended.aborted).toBe(true);
  });

  test("is noticed after the machine slept, without a call", async () => {
    await using sshd = await startSshd();
    await using line = await startSilentLine(sshd.port);
    await using connection = await connect(over(line, sshd), { pulse: { answerMs: 200, tickMs: 10 } });
    expect(await run(connection, "echo awake")).toBe("awake\n");
    line.silence();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
    const reason = await connection.closed.finally(() => vi.useRealTimers());
    expect(reason.message).toBe(gaveUp(line));
  });

  test("on the way to a jump host is what the error is about", async () => {
    await using gate = await startSshd();
    await using sshd = await startSshd();
    await using line = await startSilentLine(gate.port);
    const jumps = [over(line, gate, { host: "gate" })];
    await using connection = await connect(targetOf(sshd, { host: "inside", jumps }), { pulse: impatient });
    line.silence();
    connection.check();
    expect((await connection.closed).message).toBe(
      `The connection to inside port ${sshd.port} was lost with its jump host: gate port ${line.port} no longer answers, so the connection was given up; check the network and try again.`,
    );
  });
});

describe.each<[string, () => Promise<SshServer>]>([
  ["OpenSSH", startSshd],
  ["Dropbear", startDropbear],
])("a line that lives, to %s", (_name, start) => {
  test("stands any number of questions, and its calls go on", async () => {
    await using server = await start();
    await using line = await startSilentLine(server.port);
    const pulse = { quietMs: -1, answerMs: 2000, tickMs: 1_000_000 };
    await using connection = await connect(over(line, server), { pulse });
    for (let i = 0; i < 5; i++) {
      // Without an answer to each question the next one would not be asked.
      connection.check();
      expect(await run(connection, `echo ${i}`)).toBe(`${i}\n`);
    }
    expect(connection.ended.aborted).toBe(false);
  });

  test("is trusted again when the answer comes late, but in time", async () => {
    await using server = await start();
    await using line = await startSilentLine(server.port);
    const pulse = { quietMs: -1, answerMs: 10_000, tickMs: 1_000_000 };
    await using connection = await connect(over(line, server), { pulse });
    line.silence();
    connection.check();
    const answer = run(connection, "echo back");
    line.resume();
    expect(await answer).toBe("back\n");
  });
});

describe("the end of a line is heard at once", () => {
  test.each<[string, (line: SilentLine) => void, RegExp]>([
    ["a reset", (line) => line.reset(), /^The connection to box port \d+ was (cut \(ECONNRESET\)|lost); try again\.$/],
    ["an orderly end", (line) => line.end(), /^The connection to box port \d+ was lost; try again\.$/],
  ])("%s", async (_what, cut, sentence) => {
    await using sshd = await startSshd();
    await using line = await startSilentLine(sshd.port);
    await using connection = await connect(over(line, sshd));
    cut(line);
    const reason = await connection.closed;
    expect(reason.code).toBe("connection_lost");
    expect(reason.message).toMatch(sentence);
    expect(connection.ended.reason).toBe(reason);
  });
});
