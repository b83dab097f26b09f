import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { RemoteError } from "../../../src/remote/error.ts";
import { connect } from "../../../src/ssh/connect.ts";
import { ProxyStream } from "../../../src/ssh/proxy.ts";
import { shellQuote } from "../../../src/util/shell-quote.ts";
import { exchange, failure, run } from "../../support/connection.ts";
import { freePort } from "../../support/ssh-server.ts";
import { nowhere, targetOf } from "../../support/ssh-target.ts";
import { startSshd } from "../../support/sshd.ts";

let dir = "";
let relay = "";

/** What `nc host port` does, with the runtime that runs the tests. */
const relayScript = `
const net = require("node:net");
const [host, port] = process.argv.slice(2);
const socket = net.connect(Number(port), host);
process.stdin.pipe(socket).pipe(process.stdout);
socket.on("error", (error) => { console.error("relay: " + error.code); process.exit(1); });
socket.on("close", () => process.exit(0));
`;

beforeAll(async () => {
  process.env.PROXY_TEST = mark.slice(mark.indexOf("=") + 1);
  dir = await mkdtemp(join(tmpdir(), "rc-proxy-"));
  const script = join(dir, "relay.cjs");
  await writeFile(script, relayScript);
  relay = join(dir, "relay");
  const command = [process.execPath, script].map(shellQuote).join(" ");
  await writeFile(relay, `#!/bin/sh\nBUN_BE_BUN=1 exec ${command} "$@"\n`);
  await chmod(relay, 0o755);
});

afterAll(async () => {
  delete process.env.PROXY_TEST;
  await rm(dir, { recursive: true, force: true });
});

/** In the environment of every proxy command of this file, and so in that of all it starts. */
const mark = `PROXY_TEST=${randomUUID()}`;

/** The living processes that proxy commands are or started; also those that are no longer children of ours. */
function proxies(): number[] {
  const pids = readdirSync("/proc").map(Number).filter(Boolean);
  return pids.filter((pid) => {
    try {
      return pid !== process.pid && readFileSync(`/proc/${pid}/environ`, "utf8").includes(mark);
    } catch {
      // It ended meanwhile.
      return false;
    }
  });
}

const allGone = () => vi.waitFor(() => expect(proxies()).toEqual([]));

describe("a proxy command", () => {
  test("carries the connection, and goes with it", async () => {
    await using sshd = await startSshd();
    const target = targetOf(sshd, {
      host: "inside",
      hostName: "inside.invalid",
      hostKeyAlias: `[127.0.0.1]:${sshd.port}`,
    });
    {
      const proxyCommand = `${relay} 127.0.0.1 ${sshd.port}`;
      await using connection = await connect({ ...target, proxyCommand });
      expect(await run(connection, "echo hello")).toBe("hello\n");
    }
    await allGone();
  });

  test("moves five megabytes each way unchanged", async () => {
    await using sshd = await startSshd();
    const proxyCommand = `${relay} 127.0.0.1 ${sshd.port}`;
    await using connection = await connect(targetOf(sshd, { proxyCommand }));
    const bytes = Buffer.alloc(5_000_000);
    for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 2_654_435_761) >>> 24;
    expect((await exchange(connection, "cat", bytes)).equals(bytes)).toBe(true);
  });

  test("is OpenSSH's own ssh -W when the user says so", async () => {
    await using gate = await startSshd();
    await using sshd = await startSshd();
    const options = `-F none -i ${gate.clientKey} -o UserKnownHostsFile=${gate.knownHosts} -o GlobalKnownHostsFile=none`;
    const proxyCommand = `ssh ${options} -p ${gate.port} -W 127.0.0.1:${sshd.port} ${gate.user}@127.0.0.1`;
    {
      await using connection = await connect(targetOf(sshd, { proxyCommand }));
      expect(await run(connection, "echo through the gate")).toBe("through the gate\n");
      expect(gate.sessionPids().length).toBe(1);
    }
    await allGone();
    await vi.waitFor(() => expect(gate.sessionPids()).toEqual([]));
  });

  test("leads to a jump host, too", async () => {
    await using gate = await startSshd();
    await using sshd = await startSshd();
    const hop = targetOf(gate, { hostName: "gate.invalid", hostKeyAlias: `[127.0.0.1]:${gate.port}` });
    const jumps = [{ ...hop, proxyCommand: `${relay} 127.0.0.1 ${gate.port}` }];
    {
      await using connection = await connect(targetOf(sshd, { jumps }));
      expect(await run(connection, "echo far")).toBe("far\n");
    }
    await allGone();
  });

  test("is not told our secrets", async () => {
    const seen = join(dir, "environment");
    const names = ["REMOTE_PASSWORD", "REMOTE_SUDO_PASSWORD", "REMOTE_PASSPHRASE"];
    for (const name of names) vi.stubEnv(name, "hunter2");
    vi.stubEnv("PROXY_MAY_SEE", "yes");
    await failure({ ...nowhere, proxyCommand: `sh -c 'env >${seen}; exit 3'` }).finally(() => vi.unstubAllEnvs());
    const text = readFileSync(seen, "utf8");
    expect(text).toContain("PROXY_MAY_SEE=yes");
    expect(text).not.toContain("hunter2");
  });

  test.each([
    ["no-such-proxy-anywhere", /\(exit status 127: "[^"]*no-such-proxy-anywhere[^"]*not found"\)/],
    ["sh -c 'echo \"cannot reach\nthe relay\" >&2; exit 3'", /\(exit status 3: "cannot reach the relay"\)/],
    ["sh -c 'kill -KILL $$'", /\(SIGKILL\)/],
    ["false", /\(exit status 1\)/],
  ])("that ends at once says why: %s", async (proxyCommand, how) => {
    const error = await failure({ ...nowhere, host: "inside", port: 22, proxyCommand });
    expect(error.code).toBe("unreachable");
    expect(error.message).toMatch(how);
    expect(error.message.replace(/\(.*\)/, "()")).toBe(
      "The proxy command for inside port 22 ended () before the server's greeting came through it; check ProxyCommand in the ssh configuration and what it needs.",
    );
    expect(error.message).toMatch(/^[\x20-\x7e]+$/);
  });

  test("whose shell is missing says so", async () => {
    vi.stubEnv("SHELL", "/no/such/shell");
    const error = await failure({ ...nowhere, proxyCommand: "true" }).finally(() => vi.unstubAllEnvs());
    expect(error.message).toContain("ended (cannot be started: ENOENT) before");
  });

  test("that cannot reach the server says so in its own words", async () => {
    const port = await freePort();
    const error = await failure({ ...nowhere, proxyCommand: `${relay} 127.0.0.1 ${port}` });
    expect(error.message).toContain('(exit status 1: "relay: ECONNREFUSED")');
  });

  test("that hangs ends with the connect timeout, and with it everything it started", async () => {
    const started = join(dir, "started");
    // A pipeline leaves a shell with children, some of which do not listen to signals.
    const proxyCommand = `sh -c 'trap "" TERM; touch ${started}; sleep 300 | cat; true'`;
    const error = await failure({ ...nowhere, host: "inside", connectTimeoutMs: 400, proxyCommand });
    expect(existsSync(started)).toBe(true);
    expect(error.code).toBe("connect_timeout");
    expect(error.message).toMatch(
      /^No connection to inside port 1 within 0.4 s, still waiting for the server's greeting through the proxy command; /,
    );
    await allGone();
  });

  test("ends with the attempt that is aborted", async () => {
    const abort = new AbortController();
    const reason = new Error("the user pressed escape");
    const connecting = connect({ ...nowhere, proxyCommand: "sh -c 'sleep 300'" }, { signal: abort.signal });
    const failed = expect(connecting).rejects.toBe(reason);
    await vi.waitFor(() => expect(proxies().length).toBeGreaterThan(0));
    abort.abort(reason);
    await failed;
    await allGone();
  });

  test("ends when the login is refused", async () => {
    await using sshd = await startSshd();
    const proxyCommand = `${relay} 127.0.0.1 ${sshd.port}`;
    const error = await failure(targetOf(sshd, { identityFiles: [], proxyCommand }));
    expect(error.code).toBe("auth_failed");
    await allGone();
  });

  test("that dies takes the connection with it at once", async () => {
    await using sshd = await startSshd();
    const proxyCommand = `${relay} 127.0.0.1 ${sshd.port}`;
    await using connection = await connect(targetOf(sshd, { proxyCommand }));
    const [proxy] = proxies();
    if (proxy === undefined) throw new Error("there is no proxy process");
    process.kill(proxy, "SIGKILL");
    const reason = await connection.closed;
    expect(reason).toBeInstanceOf(RemoteError);
    expect(reason.code).toBe("connection_lost");
    await allGone();
  });
});

describe("its stream", () => {
  test("holds back what the reader does not take", async () => {
    const stream = new ProxyStream("head -c 3000000 /dev/zero");
    await once(stream, "readable");
    expect(stream.readableLength).toBeLessThan(1_000_000);
    expect(proxies().length).toBe(1);
    let bytes = 0;
    stream.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    await once(stream, "end");
    expect(bytes).toBe(3_000_000);
    stream.destroy();
    await once(stream, "close");
    expect(await stream.ended).toEqual({ how: "exit status 0", exitCode: 0, said: "" });
  });
});
