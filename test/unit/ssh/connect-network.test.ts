import net, { createServer, type Socket } from "node:net";
import { describe, expect, test, vi } from "vitest";
import { connect } from "../../../src/ssh/connect.ts";
import { withoutForwarding } from "../../../src/ssh/forward-agent.ts";
import { failure, run } from "../../support/connection.ts";
import { startSilentLine } from "../../support/silent-line.ts";
import { startAgent } from "../../support/ssh-agent.ts";
import { freePort } from "../../support/ssh-server.ts";
import { nowhere, targetOf } from "../../support/ssh-target.ts";
import { startSshd } from "../../support/sshd.ts";

/** OpenCode's own runtime takes the usual local address whatever it is asked for. */
async function choosesAddresses(): Promise<boolean> {
  const server = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const socket = net.connect({ host: "127.0.0.1", port, localAddress: "127.0.0.2" });
  await new Promise((resolve) => socket.once("connect", resolve));
  const { localAddress } = socket;
  socket.destroy();
  server.close();
  return localAddress === "127.0.0.2";
}

const agentSocket = "printenv SSH_AUTH_SOCK || echo none";

/** The connections that sshd heard of. */
const connections = (log: string) => log.match(/Connection from 127\.0\.0\.\d+ port \d+/g) ?? [];

describe("BindAddress", () => {
  test("is where the connection comes from, or the error says that this cannot be", async () => {
    await using sshd = await startSshd();
    const target = targetOf(sshd, { host: "box", bindAddress: "127.0.0.2" });
    if (await choosesAddresses()) {
      await using connection = await connect(target);
      expect(await run(connection, "echo $SSH_CONNECTION")).toMatch(/^127\.0\.0\.2 /);
      return;
    }
    const error = await failure(target);
    expect(error).toMatchObject({
      code: "unsupported",
      data: { host: "box", lacks: expect.stringContaining("BindAddress") },
    });
    expect(error.message).toBe(
      `Cannot connect to box port ${sshd.port} from 127.0.0.2 (BindAddress), OpenCode's runtime does not choose local addresses; use the system's ssh (REMOTE_TRANSPORT=openssh) or leave BindAddress out.`,
    );
    await vi.waitFor(() => expect(sshd.sessionPids()).toEqual([]));
  });

  test("may be the usual address by name or number", async () => {
    await using sshd = await startSshd();
    for (const bindAddress of ["127.0.0.1", "localhost"]) {
      await using connection = await connect(targetOf(sshd, { bindAddress }));
      expect(await run(connection, "echo $SSH_CONNECTION")).toMatch(/^127\.0\.0\.1 /);
    }
  });

  test("that is no address of this machine is named", async () => {
    await using sshd = await startSshd();
    const error = await failure(targetOf(sshd, { host: "box", bindAddress: "203.0.113.9" }));
    if (!(await choosesAddresses())) return void expect(error.code).toBe("unsupported");
    expect(error.code).toBe("unreachable");
    expect(error.message).toBe(
      `Cannot connect to box port ${sshd.port} from 203.0.113.9 (BindAddress), which is no address of this machine; check it in the ssh configuration and that its network or VPN is up.`,
    );
  });

  test("that does not resolve is named, not the host", async () => {
    const error = await failure({ ...nowhere, host: "box", bindAddress: "no-such-name.invalid" });
    expect(error.message).toMatch(/^Cannot connect to box port 1 from no-such-name\.invalid \(BindAddress\)/);
  });
});

describe("AddressFamily", () => {
  test("of the server's address connects", async () => {
    await using sshd = await startSshd();
    await using connection = await connect(
      targetOf(sshd, { hostName: "localhost", hostKeyAlias: `[127.0.0.1]:${sshd.port}`, addressFamily: 4 }),
    );
    expect(connection.serverIdent).toMatch(/^OpenSSH/);
  });

  test.each([
    { addressFamily: 6, hostName: "127.0.0.1" },
    { addressFamily: 4, hostName: "::1" },
  ] as const)("$addressFamily does not go to $hostName", async (settings) => {
    const error = await failure({ ...nowhere, host: "box", ...settings });
    expect(error.code).toBe("unresolved");
    expect(error.message).toBe(
      `The name box does not resolve to an IPv${settings.addressFamily} address; check its spelling, HostName, AddressFamily and the DNS.`,
    );
  });
});

describe("ConnectionAttempts", () => {
  test("reach a machine that is not up yet", async () => {
    await using sshd = await startSshd();
    const port = await freePort();
    const opened = vi.spyOn(net, "connect");
    const target = targetOf(sshd, { port, hostKeyAlias: `[127.0.0.1]:${sshd.port}`, connectionAttempts: 3 });
    const connecting = connect(target);
    await vi.waitFor(() => expect(opened).toHaveBeenCalled());
    const first = opened.mock.results[0]?.value;
    opened.mockRestore();
    if (!(first instanceof net.Socket)) throw new Error("no socket was opened");
    await new Promise<void>((resolve) => (first.closed ? resolve() : first.once("close", () => resolve())));
    const front = createServer((socket: Socket) => {
      socket.pipe(net.connect(sshd.port, "127.0.0.1")).pipe(socket);
      socket.on("error", () => {});
    }).listen(port, "127.0.0.1");
    try {
      await using connection = await connecting;
      expect(connection.serverIdent).toMatch(/^OpenSSH/);
    } finally {
      front.close();
    }
  });

  test("tell what was wrong with the last one when there is no time for another", async () => {
    const port = await freePort();
    const error = await failure({ ...nowhere, host: "box", port, connectionAttempts: 20, connectTimeoutMs: 900 });
    expect(error.message).toBe(`Nothing listens on box port ${port}; check the port and that sshd runs there.`);
  });

  test("end at once with an abort", async () => {
    const abort = new AbortController();
    const opened = vi.spyOn(net, "connect");
    const port = await freePort();
    const connecting = connect({ ...nowhere, port, connectionAttempts: 20 }, { signal: abort.signal });
    const failed = expect(connecting).rejects.toThrow("enough");
    await vi.waitFor(() => expect(opened).toHaveBeenCalled());
    abort.abort(new Error("enough"));
    await failed;
    opened.mockRestore();
  });

  test("are not for refused logins, unknown keys or names", async () => {
    await using sshd = await startSshd();
    const target = targetOf(sshd, { connectionAttempts: 3 });
    expect((await failure({ ...target, identityFiles: [] })).code).toBe("auth_failed");
    expect((await failure({ ...target, knownHostsFiles: [] })).code).toBe("host_key_unknown");
    await vi.waitFor(() => expect(connections(sshd.stderr()).length).toBe(2));
    expect((await failure({ ...target, hostName: "no-such-host.invalid" })).code).toBe("unresolved");
  });
});

describe("the agent", () => {
  test("is forwarded when the user says so, and only then", async () => {
    await using sshd = await startSshd();
    await using agent = await startAgent();
    await agent.add(sshd.clientKey);
    const target = targetOf(sshd, { agent: agent.socket });
    {
      await using connection = await connect(target);
      expect(await run(connection, agentSocket)).toBe("none\n");
    }
    await using connection = await connect({ ...target, forwardAgent: true });
    expect(await run(connection, "ssh-add -l")).toContain("ED25519");
    expect(await run(connection, "ssh-add -l")).toContain("ED25519");
  });

  test("does not cost the session where the server refuses it", async () => {
    await using sshd = await startSshd({ config: ["AllowAgentForwarding no"] });
    await using agent = await startAgent();
    await using connection = await connect(targetOf(sshd, { agent: agent.socket, forwardAgent: true }));
    const error = await run(connection, "true").catch((reason: unknown) => reason);
    expect(withoutForwarding(connection.client, new Error("Unable to exec"))).toBe(false);
    expect(withoutForwarding(connection.client, error)).toBe(true);
    expect(await run(connection, agentSocket)).toBe("none\n");
  });

  test("is not asked for where there is none", async () => {
    await using sshd = await startSshd();
    await using connection = await connect(targetOf(sshd, { forwardAgent: true }));
    expect(await run(connection, agentSocket)).toBe("none\n");
  });
});

describe("a timeout names what was waited for", () => {
  test("the server's greeting", async () => {
    await using server = await listen();
    const error = await failure({ ...nowhere, host: "box", port: server.port, connectTimeoutMs: 200 });
    expect(error.message).toBe(
      `No connection to box port ${server.port} within 0.2 s, still waiting for the server's greeting; check the network and that sshd runs there, or set a longer ConnectTimeout in the ssh options.`,
    );
  });

  test("the server's SSH handshake", async () => {
    await using server = await listen((socket) => socket.write("SSH-2.0-Silent\r\n"));
    const error = await failure({ ...nowhere, host: "box", port: server.port, connectTimeoutMs: 200 });
    expect(error).toMatchObject({
      code: "connect_timeout",
      message: expect.stringContaining("waiting for the server's SSH handshake;"),
    });
  });

  test("the jump host, when it is what does not answer", async () => {
    await using gate = await startSshd();
    await using line = await startSilentLine(gate.port);
    const hop = targetOf(gate, { host: "gate", port: line.port, hostKeyAlias: `[127.0.0.1]:${gate.port}` });
    const connecting = failure({
      ...nowhere,
      host: "inside",
      connectTimeoutMs: 300,
      jumps: [{ ...hop, connectTimeoutMs: 300 }],
    });
    line.silence();
    const error = await connecting;
    expect(error.code).toBe("connect_timeout");
    expect(error.message).toContain(
      `No connection to gate port ${line.port} within 0.3 s, still waiting for the server's`,
    );
    expect(error.data?.host).toBe("gate");
  });
});

describe("something that is no working SSH server", () => {
  test.each([
    [
      "closes after its greeting",
      "SSH-2.0-Short\r\n",
      "connection_lost",
      "The connection to box port PORT was lost; try again.",
    ],
    [
      "is a web server",
      "HTTP/1.1 400 Bad Request\r\n\r\n",
      "unreachable",
      "box port PORT closed the connection before it said that it is an SSH server; it may be overloaded (MaxStartups), a firewall may forbid it, or something else listens there.",
    ],
    [
      "speaks SSH 1 only",
      "SSH-1.5-Old\r\n",
      "protocol",
      "What listens on box port PORT is no SSH server; check the port.",
    ],
  ])("%s", async (_what, greeting, code, sentence) => {
    await using server = await listen((socket) => socket.end(greeting));
    const error = await failure({ ...nowhere, host: "box", port: server.port });
    expect(error.message).toBe(sentence.replace("PORT", String(server.port)));
    expect(error.code).toBe(code);
  });
});

async function listen(onSocket: (socket: Socket) => void = () => {}) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}).resume());
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : 0,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
