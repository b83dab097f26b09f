import { copyFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ClientTarget } from "../../../src/openssh/target.ts";
import { RemoteError } from "../../../src/remote/error.ts";
import { nobody, type Prompter } from "../../../src/remote/prompter.ts";
import { clientHost, clientTargetOf } from "../../support/openssh-place.ts";
import { traces } from "../../support/openssh-traces.ts";
import { knowAnotherKey } from "../../support/ssh-certificates.ts";
import { freePort } from "../../support/ssh-server.ts";
import { fingerprint, keygen, type Sshd, startSshd } from "../../support/sshd.ts";

const secret = "correct-horse-7";

/** The error of a login that must fail: one sentence, nothing of ours in it, and nothing of it left. */
async function refusal(target: ClientTarget, prompter: Prompter = nobody): Promise<{ code: string; message: string }> {
  using trace = traces();
  await using host = clientHost(target, prompter);
  const error = await host.connect().then(
    () => new Error("it connected"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof RemoteError)) throw error;
  expect(error.message).toMatch(/^[A-Z0-9].*[^.]\.$/);
  expect(error.message).not.toMatch(/\n|\r|rc-ssh-|debug1|node:|\.ts:/);
  expect(error.message).not.toContain(secret);
  await host[Symbol.asyncDispose]();
  expect(trace.left()).toEqual([]);
  await trace.gone();
  const { code, message } = error;
  return { code, message };
}

const machine = (sshd: Pick<Sshd, "port">) => `127.0.0.1 port ${sshd.port}`;

describe("a host key", () => {
  test("that is not known is refused, with its fingerprint and what to do", async () => {
    await using sshd = await startSshd({ shell: "/bin/sh" });
    writeFileSync(sshd.knownHosts, "");
    const error = await refusal(clientTargetOf(sshd));
    const key = fingerprint(join(sshd.dir, "host_ed25519.pub"));
    expect(error).toMatchObject({
      code: "host_key_unknown",
      message: `The host key of ${machine(sshd)} (${key}) is not known and was not accepted; compare the fingerprint with the machine's own and connect once with ssh to accept it, or add -o StrictHostKeyChecking=accept-new to the ssh options.`,
    });
    expect(sshd.stderr()).not.toContain("Accepted");
  });

  test("that is not known is refused in strict mode, too", async () => {
    await using sshd = await startSshd({ shell: "/bin/sh" });
    writeFileSync(sshd.knownHosts, "");
    const error = await refusal(clientTargetOf(sshd, { options: ["StrictHostKeyChecking=yes"] }));
    expect(error).toMatchObject({
      code: "host_key_unknown",
      message: expect.stringContaining(`The host key of ${machine(sshd)} is not in the known_hosts files; compare`),
    });
  });

  test("that changed is refused before anything is offered", async () => {
    await using sshd = await startSshd({ shell: "/bin/sh" });
    await knowAnotherKey(sshd, sshd.knownHosts);
    const error = await refusal(clientTargetOf(sshd));
    const key = fingerprint(join(sshd.dir, "host_ed25519.pub"));
    expect(error).toMatchObject({
      code: "host_key_changed",
      message: `The host key of ${machine(sshd)} is not the known one (it is now ${key}): either the machine was reinstalled or somebody is in between; ask its administrator, and only if the new key is right remove the old one with ssh-keygen -R.`,
    });
    expect(sshd.stderr()).not.toMatch(/Accepted|Failed/);
  });

  test("that changed during the session is refused although the settings would take it", async () => {
    await using sshd = await startSshd({ shell: "/bin/sh" });
    const options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null"];
    await using host = clientHost(clientTargetOf(sshd, { options }));
    await host.connect();
    await keygen(join(sshd.dir, "fresh"));
    renameSync(join(sshd.dir, "fresh"), join(sshd.dir, "host_ed25519"));
    await sshd.restart();
    const key = fingerprint(join(sshd.dir, "fresh.pub"));
    const failed = new Promise<void>((resolve) => {
      host.onState((state) => state.kind === "failed" && resolve());
      if (host.state.kind === "failed") resolve();
    });
    await failed;
    await expect(host.shell.exec("true")).rejects.toMatchObject({
      code: "host_key_changed",
      message: `The host key of ${machine(sshd)} changed since this session began (it is now ${key}); if that was expected, start OpenCode again, else ask the machine's administrator.`,
    });
  });
});

describe("a login", () => {
  test("with a wrong password is refused by name", async () => {
    await using sshd = await startSshd({ password: "another" });
    const options = ["PubkeyAuthentication=no"];
    const error = await refusal(clientTargetOf(sshd, { options, password: secret }));
    expect(error).toMatchObject({
      code: "auth_failed",
      message: `${machine(sshd)} refused the password for ${sshd.user}; check REMOTE_PASSWORD and the user name.`,
    });
  });

  test("that asks for a password which nobody has says what was asked", async () => {
    await using sshd = await startSshd({ password: "another" });
    const error = await refusal(clientTargetOf(sshd, { options: ["PubkeyAuthentication=no"] }));
    expect(error).toMatchObject({
      code: "auth_failed",
      message: `The login to ${machine(sshd)} asks "${sshd.user}@127.0.0.1's password:", which nobody answered; set REMOTE_PASSWORD or use a key.`,
    });
    // Not even an empty one was offered.
    expect(sshd.stderr()).not.toContain("Failed password");
  });

  test("with a key whose passphrase nobody has says what the server accepts, and which key was left out", async () => {
    await using sshd = await startSshd({ shell: "/bin/sh" });
    const locked = join(sshd.dir, "locked");
    await keygen(locked, "ed25519", secret);
    copyFileSync(`${locked}.pub`, join(sshd.dir, "authorized_keys"));
    const target = clientTargetOf(sshd, { identityFiles: [locked] });
    const words = target.clientArguments.map((word) => word.replace(sshd.clientKey, locked));
    const error = await refusal({ ...target, clientArguments: words });
    expect(error).toMatchObject({
      code: "auth_failed",
      message: `${machine(sshd)} refused the login as ${sshd.user} (the server accepts publickey; the passphrase for ${locked} was not given); check the user name, name the right key with -i or load it into the agent, or set REMOTE_PASSWORD.`,
    });
  });
});

describe("the way", () => {
  test("to a port where nothing listens", async () => {
    await using sshd = await startSshd({ shell: "/bin/sh" });
    const port = await freePort();
    const target = clientTargetOf({ ...sshd, port });
    expect(await refusal(target)).toMatchObject({
      code: "unreachable",
      message: `Nothing listens on 127.0.0.1 port ${port}; check the port and that sshd runs there.`,
    });
  });

  test("to a name that does not resolve", async () => {
    await using sshd = await startSshd({ shell: "/bin/sh" });
    const target = clientTargetOf({ ...sshd, host: "no-such-host.invalid" });
    expect(await refusal(target)).toMatchObject({
      code: "unresolved",
      message:
        "The name no-such-host.invalid does not resolve to an address; check its spelling, HostName and the DNS.",
    });
  });

  test("through a proxy command that dies", async () => {
    await using sshd = await startSshd({ shell: "/bin/sh" });
    const proxyCommand = "sh -c 'echo the tunnel is closed >&2; exit 1'";
    const options = [`ProxyCommand=${proxyCommand}`];
    expect(await refusal(clientTargetOf(sshd, { options, proxyCommand }))).toMatchObject({
      code: "unreachable",
      message: `There is no way to ${machine(sshd)}: the proxy command ended before the machine answered (it says: "the tunnel is closed"); run the command by itself to see why.`,
    });
  });

  test("through a jump host that does not let us in", async () => {
    await using sshd = await startSshd({ shell: "/bin/sh" });
    const port = await freePort();
    const options = [`ProxyJump=127.0.0.1:${port}`];
    expect(await refusal(clientTargetOf(sshd, { options, jumps: [{ host: "bastion" }] }))).toMatchObject({
      code: "unreachable",
      message: expect.stringContaining("the jump host bastion ended before the machine answered"),
    });
  });

  test("to a server that has no algorithm in common names the option", async () => {
    await using sshd = await startSshd({ shell: "/bin/sh", config: ["KexAlgorithms diffie-hellman-group14-sha1"] });
    expect(await refusal(clientTargetOf(sshd))).toMatchObject({
      code: "no_shared_algorithm",
      message: `${machine(sshd)} and the system's ssh have no key exchange method in common (the server offers diffie-hellman-group14-sha1); if that is acceptable, add -o KexAlgorithms=+diffie-hellman-group14-sha1 to the ssh options.`,
    });
  });

  test("to something that never answers ends with the time limit", async () => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await new Promise((resolve) => silent.once("listening", resolve));
    const address = silent.address();
    const port = typeof address === "object" && address ? address.port : 0;
    await using sshd = await startSshd({ shell: "/bin/sh" });
    try {
      const error = await refusal(clientTargetOf({ ...sshd, port }, { connectTimeoutMs: 600 }));
      expect(error).toMatchObject({
        code: "connect_timeout",
        message: `No connection to 127.0.0.1 port ${port} within 0.6 s, still waiting for the server's SSH handshake; check the network and that sshd runs there, or set a longer ConnectTimeout in the ssh options.`,
      });
    } finally {
      silent.close();
    }
  });
});

test("a setting that the client does not know is the user's to mend", async () => {
  await using sshd = await startSshd({ shell: "/bin/sh" });
  expect(await refusal(clientTargetOf(sshd, { options: ["NoSuchOption=yes"] }))).toMatchObject({
    code: "config",
    message: expect.stringMatching(/^The system's ssh does not accept the settings for 127\.0\.0\.1: .*nosuchoption/i),
  });
});

test("without a client the sentence says so", async () => {
  await using sshd = await startSshd({ shell: "/bin/sh" });
  expect(await refusal(clientTargetOf(sshd, { client: undefined }))).toMatchObject({
    code: "unsupported",
    message:
      "Cannot connect to 127.0.0.1 with the system's ssh: there is no OpenSSH client on PATH; install one, or remove REMOTE_TRANSPORT=openssh.",
  });
  expect(await refusal(clientTargetOf(sshd, { client: join(sshd.dir, "no-ssh") }))).toMatchObject({
    code: "unsupported",
    message: expect.stringContaining("the system's ssh cannot be run"),
  });
});
