import { once } from "node:events";
import { mkdirSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { clientVersion } from "../../../src/openssh/client-version.ts";
import { startGuard } from "../../../src/openssh/guard.ts";
import { type Master, openMaster } from "../../../src/openssh/master.ts";
import { startProcess } from "../../../src/openssh/process.ts";
import { openShell } from "../../../src/openssh/shell.ts";
import { nobody } from "../../../src/remote/prompter.ts";
import { deferred } from "../../../src/util/deferred.ts";
import { clientHost, clientTargetOf } from "../../support/openssh-place.ts";
import { traces } from "../../support/openssh-traces.ts";
import { type Sshd, startSshd } from "../../support/sshd.ts";

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

async function master(sshd: Sshd, options: readonly string[] = []): Promise<Master> {
  const target = clientTargetOf(sshd, { options });
  const client = target.client ?? "ssh";
  const version = (await clientVersion(client)) ?? [0, 0];
  const { signal } = new AbortController();
  return await openMaster({ ...target, client }, { signal, prompter: nobody, version });
}

test("after disposal no process, no directory and no socket is left, also with a command under way", async () => {
  await using sshd = await startSshd({ shell: "/bin/sh" });
  using trace = traces();
  const host = clientHost(clientTargetOf(sshd));
  const started = deferred<void>();
  const running = host.shell.exec("echo started; sleep 300", { onOutput: () => started.resolve() });
  await started.promise;
  expect(trace.processes().length).toBeGreaterThan(1);
  expect(trace.left()).toHaveLength(1);
  await host[Symbol.asyncDispose]();
  expect((await running).ended).toBe("aborted");
  expect(trace.left()).toEqual([]);
  await trace.gone();
});

test("the connection's own directory is its user's alone", async () => {
  await using sshd = await startSshd({ shell: "/bin/sh" });
  using trace = traces();
  await using host = clientHost(clientTargetOf(sshd));
  await host.connect();
  const [name = ""] = trace.left();
  expect(statSync(`${trace.dir}/${name}`).mode & 0o777).toBe(0o700);
});

test("an aborted login leaves nothing, wherever it stood", async () => {
  await using sshd = await startSshd({ shell: "/bin/sh" });
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const address = silent.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const reached = once(silent, "connection");
  using trace = traces();
  const host = clientHost(clientTargetOf({ ...sshd, port }));
  const connecting = host.connect().catch((error: unknown) => error);
  await reached;
  await host[Symbol.asyncDispose]();
  expect(await connecting).toMatchObject({ code: "closed" });
  expect(trace.left()).toEqual([]);
  await trace.gone();
  silent.close();
});

test("a session never makes a connection of its own when the master's socket is gone", async () => {
  await using sshd = await startSshd({ shell: "/bin/sh" });
  await using line = await master(sshd);
  const logins = () => sshd.stderr().match(/Accepted|Connection from/g)?.length ?? 0;
  const before = logins();
  rmSync(line.meeting.socket);
  await expect(openShell(line, "echo wrong")).rejects.toMatchObject({ code: "connection_lost" });
  expect(logins()).toBe(before);
});

test("the user's own control socket, forwardings and commands have no part in it", async () => {
  await using sshd = await startSshd({ shell: "/bin/sh" });
  using trace = traces();
  const own = `${trace.dir}/own`;
  const touched = `${trace.dir}/touched`;
  const options = [
    "ControlMaster=auto",
    `ControlPath=${own}`,
    "ControlPersist=600",
    "PermitLocalCommand=yes",
    `LocalCommand=touch ${touched}`,
    "RemoteCommand=echo theirs",
    "RequestTTY=force",
    "ForkAfterAuthentication=yes",
    "LocalForward=127.0.0.1:1 127.0.0.1:2",
    "ExitOnForwardFailure=yes",
  ];
  const host = clientHost(clientTargetOf(sshd, { options }));
  expect(text((await host.shell.exec("echo ours")).stdout)).toBe("ours\n");
  expect(trace.left()).toHaveLength(1);
  await host[Symbol.asyncDispose]();
  expect(trace.left()).toEqual([]);
  await trace.gone();
});

test("a lost link ends what ran as unknown, is told in one sentence, and the next call logs in again", async () => {
  await using sshd = await startSshd({ shell: "/bin/sh" });
  using trace = traces();
  const host = clientHost(clientTargetOf(sshd));
  const started = deferred<void>();
  const running = host.shell.exec("echo started; sleep 300", { onOutput: () => started.resolve() });
  await started.promise;
  const failed = deferred<string>();
  host.onState((state) => state.kind === "failed" && failed.resolve(state.reason));
  await sshd.restart();
  expect((await running).ended).toBe("unknown");
  expect(await failed.promise).toBe(`The connection to 127.0.0.1 port ${sshd.port} was lost; try again.`);
  expect(text((await host.shell.exec("echo again")).stdout)).toBe("again\n");
  expect(trace.left()).toHaveLength(1);
  await host[Symbol.asyncDispose]();
  expect(trace.left()).toEqual([]);
  await trace.gone();
});

test("an account without a shell is told from its words", async () => {
  await using sshd = await startSshd({ shell: "/usr/sbin/nologin" });
  await using host = clientHost(clientTargetOf(sshd));
  await expect(host.shell.exec("true")).rejects.toMatchObject({
    code: "not_posix",
    message: expect.stringMatching(
      /^The account \S+ on 127\.0\.0\.1 does not run POSIX shell commands \(it says: "This account is currently not available\."\); use an account with a login shell whose start files do not end it\.$/,
    ),
  });
});

test("the target's variables reach a server that takes them, and no command line", async () => {
  await using sshd = await startSshd({ shell: "/bin/sh", config: ["AcceptEnv RC_*"] });
  using trace = traces();
  await using host = clientHost(clientTargetOf(sshd, { environment: { RC_ONE: "canary one" } }));
  expect(text((await host.shell.exec('echo "$RC_ONE"')).stdout)).toBe("canary one\n");
  const words = trace.processes().map((line) => line.split(" -- session ")[0]);
  expect(words.join("\n")).toContain("SendEnv=RC_ONE");
  expect(words.join("\n")).not.toContain("canary one");
});

test("the guard ends a program with its children and removes its directory when its input ends, and not before", async () => {
  using trace = traces();
  const dir = `${trace.dir}/theirs`;
  mkdirSync(dir);
  const client = startProcess("/bin/sh", ["-c", `sleep 300 & echo ready; wait # ${dir}`], process.env);
  await once(client.stdout, "data");
  const early = startGuard(client, dir);
  await early?.end();
  expect(client.isOver).toBe(false);
  expect(trace.left()).toEqual(["theirs"]);

  const guard = startGuard(client, dir);
  guard?.stdin.end();
  await guard?.exited;
  await client.exited;
  expect(trace.left()).toEqual([]);
  await trace.gone();
});
