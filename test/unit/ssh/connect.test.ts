import { createServer, type Socket } from "node:net";
import { describe, expect, test, vi } from "vitest";
import { connect } from "../../../src/ssh/connect.ts";
import type { SshTarget } from "../../../src/ssh/target.ts";
import { failure, run } from "../../support/connection.ts";
import { startDropbear } from "../../support/dropbear.ts";
import { freePort } from "../../support/ssh-server.ts";
import { nowhere, targetOf } from "../../support/ssh-target.ts";
import { fingerprint, startSshd } from "../../support/sshd.ts";

const nobody: SshTarget = { ...nowhere, connectTimeoutMs: 10_000 };

/** A listener that does what it likes with each socket. */
async function listen(onSocket: (socket: Socket, index: number) => void) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on("error", () => {}));
    onSocket(socket, sockets.length);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : 0,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe("connect", () => {
  test("logs in with the right key and tells the server's name and host key", async () => {
    await using sshd = await startSshd();
    await using connection = await connect(targetOf(sshd));
    expect(await run(connection, "echo hello")).toBe("hello\n");
    expect(connection.serverIdent).toMatch(/^OpenSSH_/);
    expect(connection.hostKey).toBe(fingerprint(`${sshd.dir}/host_ed25519.pub`));
    expect(`ssh-ed25519 ${connection.hostKeyBlob.toString("base64")}`).toBe(sshd.hostPublicKey);
  });

  test("logs in to Dropbear", async () => {
    await using dropbear = await startDropbear();
    await using connection = await connect(targetOf(dropbear));
    expect(await run(connection, "echo hello")).toBe("hello\n");
    expect(connection.serverIdent).toMatch(/^dropbear_/);
  });

  test("disposing closes the socket, once and again", async () => {
    await using sshd = await startSshd();
    const connection = await connect(targetOf(sshd));
    const gone = new Promise<void>((resolve) => connection.client.once("close", resolve));
    await Promise.all([connection[Symbol.asyncDispose](), connection[Symbol.asyncDispose]()]);
    await gone;
    expect((await connection.closed).code).toBe("closed");
    await connection[Symbol.asyncDispose]();
    await vi.waitFor(() => expect(sshd.sessionPids()).toEqual([]));
  });

  test("a connection that the server cuts says that it was lost", async () => {
    await using sshd = await startSshd();
    await using connection = await connect(targetOf(sshd));
    sshd.dropConnections();
    expect(await connection.closed).toMatchObject({ code: "connection_lost", data: { host: sshd.host } });
  });

  test("a peer that falls silent is given up after the keepalives", async () => {
    await using sshd = await startSshd();
    await using connection = await connect(targetOf(sshd, { serverAliveIntervalMs: 50, serverAliveCountMax: 2 }));
    const pids = sshd.sessionPids();
    expect(pids.length).toBeGreaterThan(0);
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    const reason = await connection.closed;
    for (const pid of pids) process.kill(pid, "SIGCONT");
    expect(reason.code).toBe("connection_lost");
    expect(reason.message).toContain("no longer answers");
  });

  test("a name that does not resolve", async () => {
    const error = await failure({ ...nobody, host: "box", hostName: "no-such-host.invalid" });
    expect(error.code).toBe("unresolved");
    expect(error.message).toContain("box");
  });

  test("a closed port", async () => {
    const port = await freePort();
    const error = await failure({ ...nobody, port });
    expect(error.code).toBe("unreachable");
    expect(error.message).toBe(`Nothing listens on nobody port ${port}; check the port and that sshd runs there.`);
  });

  test("a listener that never speaks ends with the connect timeout, and its socket is closed", async () => {
    const closed = new Promise<void>((resolve) => {
      silent = (socket) => socket.once("close", () => resolve()).resume();
    });
    await using server = await listen((socket) => silent(socket));
    const error = await failure({ ...nobody, port: server.port, connectTimeoutMs: 200 });
    expect(error.code).toBe("connect_timeout");
    expect(error.message).toContain("within 0.2 s");
    await closed;
  });
  let silent: (socket: Socket) => void;

  test("something else than an SSH server", async () => {
    await using server = await listen((socket) => socket.write(`${"x".repeat(9000)}\r\n`));
    expect((await failure({ ...nobody, port: server.port })).code).toBe("protocol");
  });

  test("a server that hangs up before its greeting is asked again, three times at most", async () => {
    await using server = await listen((socket) => socket.end("Exceeded MaxStartups\r\n"));
    const error = await failure({ ...nobody, port: server.port });
    expect(error.code).toBe("unreachable");
    expect(error.message).toContain("MaxStartups");
    expect(server.sockets.length).toBe(3);
  });

  test("a server that is overloaded for a moment is reached all the same", async () => {
    await using sshd = await startSshd();
    const { connect: open } = await import("node:net");
    await using front = await listen((socket, index) => {
      if (index < 3) return void socket.destroy();
      const back = open(sshd.port, sshd.host).on("error", () => {});
      socket.pipe(back).pipe(socket);
    });
    const target = targetOf(sshd, { port: front.port, hostKeyAlias: `[127.0.0.1]:${sshd.port}` });
    await using connection = await connect(target);
    expect(await run(connection, "echo at last")).toBe("at last\n");
  });

  test("an abort while connecting passes through untouched and closes the socket", async () => {
    const abort = new AbortController();
    const closed = new Promise<void>((resolve) => {
      silent = (socket) => {
        socket.once("close", () => resolve()).resume();
        abort.abort(reason);
      };
    });
    const reason = new Error("the user pressed escape");
    await using server = await listen((socket) => silent(socket));
    await expect(connect({ ...nobody, port: server.port }, { signal: abort.signal })).rejects.toBe(reason);
    await closed;
    await expect(connect({ ...nobody, port: server.port }, { signal: abort.signal })).rejects.toBe(reason);
    expect(server.sockets.length).toBe(1);
  });

  test("no algorithm in common", async () => {
    await using sshd = await startSshd({ config: ["Ciphers aes256-ctr"] });
    const error = await failure(targetOf(sshd, { algorithms: { ciphers: ["aes128-ctr"] } }));
    expect(error.code).toBe("no_shared_algorithm");
    expect(error.message).toContain(`port ${sshd.port}`);
  });

  test("an old server is reached with the algorithms that the user allows, and only with them", async () => {
    const old = ["KexAlgorithms diffie-hellman-group1-sha1", "Ciphers 3des-cbc", "MACs hmac-sha1"];
    await using sshd = await startSshd({ config: [...old, "HostKeyAlgorithms ssh-rsa"], hostKeys: ["rsa"] });
    expect((await failure(targetOf(sshd))).code).toBe("no_shared_algorithm");
    const algorithms = {
      kex: ["curve25519-sha256", "sntrup761x25519-sha512@openssh.com", "diffie-hellman-group1-sha1"],
      ciphers: ["chacha20-poly1305@openssh.com", "3des-cbc"],
      hostKey: ["ssh-rsa"],
    };
    await using connection = await connect(targetOf(sshd, { algorithms }));
    expect(await run(connection, "echo old")).toBe("old\n");
  });
});
