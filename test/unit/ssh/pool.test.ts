import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import type { ExecResult } from "../../../src/remote/shell.ts";
import { connect } from "../../../src/ssh/connect.ts";
import { type Login, Pool } from "../../../src/ssh/pool.ts";
import type { SshTarget } from "../../../src/ssh/target.ts";
import { deferred } from "../../../src/util/deferred.ts";
import { type LoginServer, startLoginServer } from "../../support/login-server.ts";
import { startAgent } from "../../support/ssh-agent.ts";
import type { SshServer } from "../../support/ssh-server.ts";
import { targetOf } from "../../support/ssh-target.ts";
import { startSshd } from "../../support/sshd.ts";

const login: Omit<Login, "another"> = { commandShells: 3, fileShells: 2, staggerMs: 0, notices: [] };

async function openPool(server: SshServer, options: Partial<Login> = {}, target = targetOf(server)): Promise<Pool> {
  return await poolOf(target, options);
}

async function poolOf(target: SshTarget, options: Partial<Login> = {}): Promise<Pool> {
  const another = (signal: AbortSignal) => connect(target, { signal });
  return new Pool(await connect(target), { ...login, another, ...options });
}

/** At a server that takes any password. */
const loggedIn = ({ target }: LoginServer): SshTarget => ({ ...target, password: "x", authentications: ["password"] });

const text = (result: ExecResult) => Buffer.from(result.stdout).toString();

/** A command that has started and runs until it is told to end; by itself after a minute. */
async function holding(pool: Pool) {
  const go = join(await mkdtemp(join(tmpdir(), "rc-pool-")), "go");
  await chmod(dirname(go), 0o755);
  const started = deferred<void>();
  const onOutput = () => started.resolve();
  const script = `echo started; i=0; while [ ! -e ${go} ] && [ $i -lt 1200 ]; do sleep 0.05; i=$((i+1)); done`;
  const running = pool.exec(script, { onOutput });
  running.catch(started.reject);
  await started.promise;
  return {
    async end() {
      await writeFile(go, "");
      const { ended } = await running;
      await rm(dirname(go), { recursive: true });
      return ended;
    },
  };
}

test("twenty calls at once all succeed on a server with MaxSessions 2", async () => {
  await using sshd = await startSshd({ shell: "/bin/sh", config: ["MaxSessions 2"] });
  await using pool = await openPool(sshd);
  const results = await Promise.all(Array.from({ length: 20 }, (_, i) => pool.exec(`echo ${i}`)));
  expect(results.map(text)).toEqual(Array.from({ length: 20 }, (_, i) => `${i}\n`));
});

test("twenty calls at once all succeed on a server with MaxStartups 1", async () => {
  await using sshd = await startSshd({ shell: "/bin/sh", config: ["MaxStartups 1", "MaxSessions 1"] });
  await using pool = await openPool(sshd);
  const results = await Promise.all(Array.from({ length: 20 }, (_, i) => pool.exec(`sleep 0.1; echo ${i}`)));
  expect(results.map(text)).toEqual(Array.from({ length: 20 }, (_, i) => `${i}\n`));
});

test("a server that gives enough channels sees one connection", async () => {
  await using sshd = await startSshd({ shell: "/bin/sh" });
  await using pool = await openPool(sshd);
  await Promise.all(Array.from({ length: 8 }, () => pool.exec("true")));
  const long = await Promise.all([holding(pool), holding(pool), holding(pool)]);
  await pool.exec("true", { lane: "file" });
  expect(sshd.sessionPids()).toHaveLength(1);
  await Promise.all(long.map((one) => one.end()));
});

test("where the server gives too few channels, waiting calls get further connections, never more than the pool's sizes", async () => {
  await using sshd = await startSshd({ shell: "/bin/sh", config: ["MaxSessions 1"] });
  await using pool = await openPool(sshd, { commandShells: 2, fileShells: 1 });
  await pool.exec("true");
  const first = await holding(pool);
  expect(text(await pool.exec("echo file", { lane: "file" }))).toBe("file\n");
  const second = await holding(pool);
  expect(sshd.sessionPids()).toHaveLength(3);
  const third = pool.exec("echo third");
  expect(text(await pool.exec("echo file", { lane: "file" }))).toBe("file\n");
  expect(sshd.sessionPids()).toHaveLength(3);
  await first.end();
  expect(text(await third)).toBe("third\n");
  await second.end();
});

test("one of several connections may die: what runs on the others goes on", async () => {
  await using sshd = await startSshd({ config: ["MaxSessions 1"] });
  await using pool = await openPool(sshd);
  await pool.exec("true");
  const [firstPid] = sshd.sessionPids();
  const first = await holding(pool);
  await pool.exec("true", { lane: "file" });
  const second = await holding(pool);
  process.kill(firstPid ?? 0, "SIGKILL");
  expect(await first.end()).toBe("unknown");
  expect(await second.end()).toBe("exited");
  expect(text(await pool.exec("echo more"))).toBe("more\n");
});

test("a pool whose last connection died says so once and takes no further calls", async () => {
  await using sshd = await startSshd();
  await using pool = await openPool(sshd);
  await pool.exec("true");
  sshd.dropConnections();
  expect((await pool.closed).code).toBe("connection_lost");
  await expect(pool.exec("true")).rejects.toMatchObject({ code: "connection_lost" });
});

test("a name that leads to another machine the second time gets no second connection", async () => {
  await using sshd = await startSshd({ config: ["MaxSessions 1"] });
  const bin = `${sshd.dir}/bin`;
  await mkdir(bin);
  await writeFile(`${bin}/uname`, "#!/bin/sh\necho another-node\n");
  await chmod(bin, 0o755);
  await chmod(`${bin}/uname`, 0o755);
  await using elsewhere = await startSshd({
    shell: "/bin/sh",
    config: ["MaxSessions 1", `SetEnv HOME=${sshd.home} PATH=${bin}:/usr/bin:/bin`],
  });
  const trace = `${elsewhere.dir}/trace`;
  let asked = 0;
  const another = (signal: AbortSignal) => {
    asked++;
    return connect(targetOf(elsewhere), { signal });
  };
  await using pool = await openPool(sshd, { another });
  await pool.exec("true");
  const first = await holding(pool);
  const waiting = pool.exec(`uname -n >${trace}; echo ran`);
  await expect.poll(() => asked).toBe(1);
  await first.end();
  expect(text(await waiting)).toBe("ran\n");
  expect(await readFile(trace, "utf8")).not.toContain("another-node");
  await expect.poll(() => elsewhere.sessionPids()).toEqual([]);
});

test("a second connection whose login is refused is not tried again", async () => {
  await using sshd = await startSshd({ shell: "/bin/sh", config: ["MaxSessions 1"] });
  let asked = 0;
  const another = (signal: AbortSignal) => {
    asked++;
    return connect(targetOf(sshd, { identityFiles: [] }), { signal });
  };
  await using pool = await openPool(sshd, { another });
  await pool.exec("true");
  for (let round = 0; round < 2; round++) {
    const first = await holding(pool);
    const waiting = pool.exec("echo ran");
    if (round === 0) await expect.poll(() => asked).toBe(1);
    await first.end();
    expect(text(await waiting)).toBe("ran\n");
  }
  expect(asked).toBe(1);
});

test("the variables of SetEnv and SendEnv reach the commands that the server lets them reach", async () => {
  await using sshd = await startSshd({ config: ["AcceptEnv LC_RC_*"], shell: "/bin/sh" });
  const environment = { LC_RC_TEST: "a 'b' $c", RC_OTHER: "not accepted" };
  await using pool = await openPool(sshd, {}, targetOf(sshd, { environment }));
  expect(text(await pool.exec('echo "$LC_RC_TEST|$RC_OTHER"'))).toBe("a 'b' $c|\n");
});

test("a server that forwards no agents runs the commands all the same", async () => {
  await using sshd = await startSshd({ config: ["AllowAgentForwarding no"], shell: "/bin/sh" });
  await using agent = await startAgent();
  await using pool = await openPool(sshd, {}, targetOf(sshd, { agent: agent.socket, forwardAgent: true }));
  const results = await Promise.all(Array.from({ length: 4 }, () => pool.exec('echo "<$SSH_AUTH_SOCK>"')));
  expect(results.map(text)).toEqual(Array(4).fill("<>\n"));
});

test("a child that a command left in the background gives its channel up to the next call", async () => {
  await using sshd = await startSshd({ shell: "/bin/sh", config: ["MaxSessions 1"] });
  await using pool = await openPool(sshd, { commandShells: 1, fileShells: 1 });
  for (let i = 0; i < 5; i++) await pool.exec("true");
  expect(text(await pool.exec("sleep 30 & echo left"))).toBe("left\n");
  // Longer than a further connection takes, which would serve it, too.
  expect(text(await pool.exec("echo next"))).toBe("next\n");
  expect(sshd.sessionPids()).toHaveLength(1);
});

test("a file operation that comes at the same moment as a long command does not wait for its end", async () => {
  await using sshd = await startSshd({ shell: "/bin/sh", config: ["MaxSessions 1"] });
  await using pool = await openPool(sshd);
  // Nobody knows yet how few channels there are.
  const first = holding(pool);
  expect(text(await pool.exec("echo file", { lane: "file" }))).toBe("file\n");
  expect(await (await first).end()).toBe("exited");
});

test("where the server opens no channel at all, every call hears so", async () => {
  await using server = await startLoginServer((context) => context.accept(), {
    onSession: (_accept, reject) => reject(),
  });
  await using pool = await poolOf(loggedIn(server));
  const calls = Array.from({ length: 8 }, () => pool.exec("true").catch((error: unknown) => error));
  for (const error of await Promise.all(calls)) expect(error).toMatchObject({ code: "unsupported" });
});

test("where the server never answers the request for a channel, a call says so in the end", async () => {
  await using server = await startLoginServer((context) => context.accept(), { onSession: () => {} });
  await using pool = await poolOf(loggedIn(server), { leastWaitMs: 50 });
  await expect(pool.exec("true", { timeoutMs: 100 })).rejects.toMatchObject({
    code: "connect_timeout",
    message: "server gave no shell within 0.1 s, so nothing was sent; try again.",
  });
});

test("after disposal no connection is left, and a call that waits hears why", async () => {
  await using sshd = await startSshd({ shell: "/bin/sh", config: ["MaxSessions 1"] });
  const pool = await openPool(sshd, { commandShells: 1, fileShells: 1 });
  await pool.exec("true");
  const first = await holding(pool);
  await pool.exec("true", { lane: "file" });
  const refused = expect(pool.exec("true")).rejects.toMatchObject({ code: "closed" });
  await pool[Symbol.asyncDispose]();
  await refused;
  expect(await first.end()).toBe("aborted");
  await expect.poll(() => sshd.sessionPids()).toEqual([]);
});
