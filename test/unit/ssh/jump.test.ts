import { describe, expect, test, vi } from "vitest";
import { connect, type Pins } from "../../../src/ssh/connect.ts";
import { failure, run } from "../../support/connection.ts";
import { startDropbear } from "../../support/dropbear.ts";
import { freePort, type SshServer } from "../../support/ssh-server.ts";
import { nowhere, targetOf } from "../../support/ssh-target.ts";
import { startSshd } from "../../support/sshd.ts";

describe("jump hosts", () => {
  test("lead to the target one after the other, and go when the connection is disposed", async () => {
    await using first = await startSshd();
    await using second = await startSshd();
    await using third = await startDropbear();
    await using target = await startSshd();
    const all: SshServer[] = [first, second, third, target];
    {
      const jumps = [targetOf(first), targetOf(second), targetOf(third)];
      await using connection = await connect(targetOf(target, { host: "inside", jumps }));
      expect(`ssh-ed25519 ${connection.hostKeyBlob.toString("base64")}`).toBe(target.hostPublicKey);
      expect(await run(connection, "echo far away")).toBe("far away\n");
      expect(all.map((server) => server.sessionPids().length > 0)).toEqual([true, true, true, true]);
    }
    await vi.waitFor(() => expect(all.flatMap((server) => server.sessionPids())).toEqual([]));
  });

  test("that are lost take the connection with them, and are named", async () => {
    await using hop = await startSshd();
    await using target = await startSshd();
    await using connection = await connect(targetOf(target, { jumps: [targetOf(hop, { host: "gate" })] }));
    hop.dropConnections();
    const reason = await connection.closed;
    expect(reason.code).toBe("connection_lost");
    expect(reason.message).toMatch(
      /^The connection to 127\.0\.0\.1 port \d+ was lost with its jump host: The connection to gate port \d+ was (lost|cut \(ECONNRESET\)); try again\.$/,
    );
  });

  test("go when the target ends the connection", async () => {
    await using hop = await startSshd();
    await using target = await startSshd();
    await using connection = await connect(targetOf(target, { jumps: [targetOf(hop)] }));
    target.dropConnections();
    expect((await connection.closed).code).toBe("connection_lost");
    await vi.waitFor(() => expect(hop.sessionPids()).toEqual([]));
  });

  test.each<[string, () => Promise<SshServer>]>([
    ["AllowTcpForwarding no", () => startSshd({ config: ["AllowTcpForwarding no"] })],
    ["AllowTcpForwarding remote", () => startSshd({ config: ["AllowTcpForwarding remote"] })],
    ["DisableForwarding yes", () => startSshd({ config: ["DisableForwarding yes"] })],
    ["PermitOpen for another machine", () => startSshd({ config: ["PermitOpen 127.0.0.1:1"] })],
    ["Dropbear -j", () => startDropbear({ args: ["-j"] })],
  ])("that forbid forwarding say so: %s", async (_how, start) => {
    await using hop = await start();
    await using target = await startSshd();
    const jumps = [targetOf(hop, { host: "gate" })];
    const error = await failure(targetOf(target, { host: "inside", jumps }));
    expect(error.message).toBe(
      `The jump host gate port ${hop.port} does not allow connections to other machines, so inside port ${target.port} is out of reach; allow it there (AllowTcpForwarding and PermitOpen in sshd_config) or take another jump host.`,
    );
    expect(error).toMatchObject({ code: "unreachable", data: { host: "inside" } });
    await vi.waitFor(() => expect(hop.sessionPids()).toEqual([]));
  });

  test("that cannot be reached are what the error is about", async () => {
    const port = await freePort();
    const jumps = [{ ...nowhere, host: "gate", port }];
    expect((await failure({ ...nowhere, host: "inside", jumps })).message).toBe(
      `Nothing listens on gate port ${port}; check the port and that sshd runs there.`,
    );
    const unknown = [{ ...nowhere, host: "gate", hostName: "no-such-host.invalid" }];
    expect((await failure({ ...nowhere, host: "inside", jumps: unknown })).message).toBe(
      "The name gate does not resolve to an address; check its spelling, HostName and the DNS.",
    );
  });

  test("are pinned like the target: another key later is refused, whatever the files say", async () => {
    await using gate = await startSshd();
    await using other = await startSshd();
    await using target = await startSshd();
    const pins: Pins = new Map();
    const through = (hop: SshServer) => {
      const alias = {
        hostKeyAlias: "gate",
        strictHostKeyChecking: "accept-new" as const,
        knownHostsFiles: [`${hop.dir}/met`],
      };
      return targetOf(target, { jumps: [targetOf(hop, { ...alias, host: "gate" })] });
    };
    await (await connect(through(gate), { pins }))[Symbol.asyncDispose]();
    expect(pins.size).toBe(2);
    const error = await failure(through(other), { pins });
    expect(error).toMatchObject({ code: "host_key_changed", data: { host: "gate" } });
    expect(target.stderr().match(/Connection from/g)?.length).toBe(1);
  });

  test("have passwords of their own: the target's is not offered to them", async () => {
    await using hop = await startSshd({ password: "of the hop" });
    await using target = await startSshd({ password: "of the target" });
    const own = { identityFiles: [], authentications: ["password" as const] };
    const inside = targetOf(target, { ...own, password: "of the target" });
    const error = await failure({ ...inside, jumps: [targetOf(hop, { ...own, host: "gate" })] });
    expect(error).toMatchObject({ code: "auth_failed", data: { host: "gate" } });
    expect(hop.stderr()).not.toContain("Failed password");
    const jumps = [targetOf(hop, { ...own, password: "of the hop" })];
    await using connection = await connect({ ...inside, jumps });
    expect(await run(connection, "id -un")).toBe(`${target.user}\n`);
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
