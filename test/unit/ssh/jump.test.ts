import { describe, expect, test, vi } from "vitest";
import { RemoteError } from "../../../src/remote/error.ts";
import { connect } from "../../../src/ssh/connect.ts";
import { freePort } from "../../support/ssh-server.ts";
import { targetOf } from "../../support/ssh-target.ts";
import { startSshd } from "../../support/sshd.ts";

const failure = async (target: Parameters<typeof connect>[0]): Promise<RemoteError> => {
  const error = await connect(target).then(
    () => new Error("it connected"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof RemoteError)) throw error;
  return error;
};

describe("jump hosts", () => {
  test("lead to the target one after the other, and go when the connection is disposed", async () => {
    await using first = await startSshd();
    await using second = await startSshd();
    await using target = await startSshd();
    {
      const jumps = [targetOf(first), targetOf(second)];
      await using connection = await connect(targetOf(target, { host: "inside", jumps }));
      expect(`ssh-ed25519 ${connection.hostKeyBlob.toString("base64")}`).toBe(target.hostPublicKey);
      expect([first, second, target].map((sshd) => sshd.sessionPids().length > 0)).toEqual([true, true, true]);
    }
    await vi.waitFor(() => {
      expect([first, second, target].flatMap((sshd) => sshd.sessionPids())).toEqual([]);
    });
  });

  test("that are lost take the connection with them, and are named", async () => {
    await using hop = await startSshd();
    await using target = await startSshd();
    await using connection = await connect(targetOf(target, { jumps: [targetOf(hop, { host: "gate" })] }));
    hop.dropConnections();
    const reason = await connection.closed;
    expect(reason.code).toBe("connection_lost");
    expect(reason.message).toContain("gate");
  });

  test("go when the target ends the connection", async () => {
    await using hop = await startSshd();
    await using target = await startSshd();
    await using connection = await connect(targetOf(target, { jumps: [targetOf(hop)] }));
    target.dropConnections();
    expect((await connection.closed).code).toBe("connection_lost");
    await vi.waitFor(() => expect(hop.sessionPids()).toEqual([]));
  });

  test("that forbid forwarding say so", async () => {
    await using hop = await startSshd({ config: ["AllowTcpForwarding no"] });
    await using target = await startSshd();
    const jumps = [targetOf(hop, { host: "gate" })];
    const error = await failure(targetOf(target, { host: "inside", jumps }));
    expect(error.code).toBe("unreachable");
    expect(error.message).toMatch(
      /^The jump host gate port \d+ does not allow .* inside port \d+ .*AllowTcpForwarding/,
    );
    await vi.waitFor(() => expect(hop.sessionPids()).toEqual([]));
  });

  test("that cannot reach the target say so", async () => {
    await using hop = await startSshd();
    const port = await freePort();
    const error = await failure(targetOf(hop, { port, jumps: [targetOf(hop, { host: "gate" })] }));
    expect(error.code).toBe("unreachable");
    expect(error.message).toContain(`The jump host gate port ${hop.port} cannot reach 127.0.0.1 port ${port}`);
  });

  test("have their own key checked and their own login", async () => {
    await using hop = await startSshd();
    await using target = await startSshd();
    const strange = targetOf(hop, { host: "gate", knownHostsFiles: [target.knownHosts] });
    expect(await failure(targetOf(target, { jumps: [strange] }))).toMatchObject({
      code: "host_key_unknown",
      data: { host: "gate" },
    });
    const locked = targetOf(hop, { host: "gate", identityFiles: [] });
    expect(await failure(targetOf(target, { jumps: [locked] }))).toMatchObject({
      code: "auth_failed",
      data: { host: "gate" },
    });
    expect(target.stderr()).not.toContain("Connection from");
  });

  test("are closed when the target's login is refused", async () => {
    await using hop = await startSshd();
    await using target = await startSshd();
    const error = await failure(targetOf(target, { identityFiles: [], jumps: [targetOf(hop)] }));
    expect(error.code).toBe("auth_failed");
    await vi.waitFor(() => expect(hop.sessionPids()).toEqual([]));
  });
});
