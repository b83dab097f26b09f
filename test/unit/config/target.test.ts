import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readEnvironment } from "../../../src/config/environment.ts";
import { ConfigError } from "../../../src/config/problems.ts";
import { resolveTarget } from "../../../src/config/target.ts";

const CLIENT_PATH = process.env.PATH ?? "";
const noOneNeedsIt = "hunter2";
let dir = "";
let configFile = "";

beforeAll(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), "config-target-")));
  await mkdir(join(dir, ".ssh"));
  await mkdir(join(dir, "bin"));
  for (const name of ["key one", "key2", "key_box", "onlypub.pub", ".ssh/id_ed25519"]) {
    await writeFile(join(dir, name), "");
  }
  configFile = join(dir, "config");
  const config = `
Host box
  HostName box.example.com
  Port 2200
  User alice
  IdentityFile "${dir}/key one"
  IdentityFile ~/key_%n
  IdentityFile ${dir}/missing
  IdentityFile ${dir}/onlypub
  IdentitiesOnly yes
  IdentityAgent ${dir}/agent
  HostKeyAlias boxkey
  UserKnownHostsFile ${dir}/kh_%k "${dir}/known hosts"
  GlobalKnownHostsFile none
  StrictHostKeyChecking accept-new
  ConnectTimeout 60
  ServerAliveInterval 5
  ServerAliveCountMax 7
  KexAlgorithms +diffie-hellman-group1-sha1
  CertificateFile ${dir}/cert
Host behind
  ProxyJump bob@gate:2022,second
Host gate
  HostName gate.example.com
  IdentityFile ${dir}/key2
  ProxyJump outer
Host second
  HostName 10.0.0.2
  ProxyCommand never-run
Host loop1
  ProxyJump loop2
Host loop2
  ProxyJump loop1
Host proxied
  ProxyCommand nc %h %p
  RemoteCommand ls
  RevokedHostKeys ${dir}/revoked
Host throughproxied
  ProxyJump proxied
Host noagent
  IdentityAgent none
  UserKnownHostsFile none
`;
  await writeFile(configFile, config);
});

afterAll(() => rm(dir, { recursive: true, force: true }));

function resolveLine(line: string, env: Record<string, string | undefined> = {}) {
  const secrets = { REMOTE_PASSWORD: noOneNeedsIt, REMOTE_SUDO_PASSWORD: noOneNeedsIt };
  const variables = { HOME: dir, PATH: CLIENT_PATH, ...secrets, ...env };
  const read = readEnvironment({ ...variables, REMOTE_SSH: line });
  if (read.kind !== "ready") throw new Error(JSON.stringify(read));
  return resolveTarget(read.settings, { env: variables, home: dir, username: "local" });
}

const withConfig = (rest: string) => `ssh -F ${configFile} ${rest}`;

async function problemsOf(promise: Promise<unknown>): Promise<readonly string[]> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ConfigError)) throw new Error(`no ConfigError but ${String(error)}`);
  for (const problem of error.problems) expect(error.message).toContain(problem);
  expect(error.message).not.toContain(noOneNeedsIt);
  return error.problems;
}

describe("with an ssh client", () => {
  test("the user's ssh_config decides", async () => {
    const target = await resolveLine(withConfig("box"));
    expect(target).toMatchObject({
      host: "box",
      hostName: "box.example.com",
      port: 2200,
      user: "alice",
      identityFiles: ["key one", "key_box", "onlypub.pub"].map((name) => join(dir, name)),
      identitiesOnly: true,
      agent: join(dir, "agent"),
      password: noOneNeedsIt,
      knownHostsFiles: [join(dir, "kh_boxkey"), join(dir, "known hosts")],
      hostKeyAlias: "boxkey",
      strictHostKeyChecking: "accept-new",
      connectTimeoutMs: 60_000,
      serverAliveIntervalMs: 5000,
      serverAliveCountMax: 7,
      jumps: [],
    });
    expect(target.algorithms.kex).toContain("diffie-hellman-group1-sha1");
    expect(target.algorithms.kex).toContain("curve25519-sha256");
    expect(target.algorithms.ciphers).toBeUndefined();
    expect(target.warnings).toEqual([
      expect.stringContaining("CertificateFile"),
      expect.stringContaining(`${dir}/missing`),
    ]);
  });

  test("the command line wins over ssh_config", async () => {
    const line = `-p 2300 -l carol -i ${dir}/key2 -o StrictHostKeyChecking=no -o ConnectTimeout=2m -o Ciphers=aes128-cbc`;
    const target = await resolveLine(withConfig(`${line} -o ForwardAgent=yes -4 box`));
    expect(target).toMatchObject({
      port: 2300,
      user: "carol",
      addressFamily: 4,
      strictHostKeyChecking: "no",
      connectTimeoutMs: 120_000,
      algorithms: { ciphers: ["aes128-cbc"] },
    });
    expect(target.identityFiles[0]).toBe(join(dir, "key2"));
    expect(target.warnings).toContain("-o ForwardAgent has no effect here.");
  });

  test("an unconfigured host gets OpenSSH's defaults, our time limits and the keys that exist", async () => {
    const target = await resolveLine("ssh -F none me@plain", { SSH_AUTH_SOCK: "/run/agent" });
    expect(target).toMatchObject({
      hostName: "plain",
      port: 22,
      user: "me",
      identityFiles: [join(dir, ".ssh/id_ed25519")],
      identitiesOnly: false,
      agent: "/run/agent",
      strictHostKeyChecking: "ask",
      connectTimeoutMs: 15_000,
      serverAliveIntervalMs: 10_000,
      serverAliveCountMax: 3,
      algorithms: {},
      warnings: [],
    });
    expect(target.knownHostsFiles.slice(-2)).toEqual(["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"]);
    expect(target.knownHostsFiles[0]).toMatch(/^\/.*\/\.ssh\/known_hosts$/);
  });

  test("a key given with -i takes the place of the default keys", async () => {
    const target = await resolveLine("ssh -F none -i ~/key2 plain");
    expect(target.identityFiles).toEqual([join(dir, "key2")]);
  });

  test("IdentityAgent none hides the agent and UserKnownHostsFile none the file", async () => {
    const target = await resolveLine(withConfig("noagent"), { SSH_AUTH_SOCK: "/run/agent" });
    expect(target.agent).toBeUndefined();
    expect(target.knownHostsFiles).toEqual(["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"]);
  });

  test("an IPv6 address loses its brackets", async () => {
    expect(await resolveLine("ssh -F none ssh://me@[::1]:2022")).toMatchObject({ hostName: "::1", port: 2022 });
  });

  test("jump hosts are resolved by their own configuration, nearest first, without the password", async () => {
    const target = await resolveLine(withConfig("-p 99 behind"));
    expect(target.jumps.map(({ host, hostName, port, user }) => ({ host, hostName, port, user }))).toEqual([
      { host: "outer", hostName: "outer", port: 22, user: expect.any(String) },
      { host: "gate", hostName: "gate.example.com", port: 2022, user: "bob" },
      { host: "second", hostName: "10.0.0.2", port: 22, user: expect.any(String) },
    ]);
    expect(target.jumps[1]?.identityFiles).toEqual([join(dir, "key2")]);
    for (const hop of target.jumps) {
      expect(hop.password).toBeUndefined();
      expect(hop.jumps).toEqual([]);
    }
    expect(target.password).toBe(noOneNeedsIt);
  });

  test("-J takes the place of the configured jump hosts", async () => {
    const target = await resolveLine(withConfig("-J dave@[::1]:2023 behind"));
    expect(target.jumps).toMatchObject([{ hostName: "::1", port: 2023, user: "dave" }]);
    expect((await resolveLine(withConfig("-J none behind"))).jumps).toEqual([]);
  });
});

describe("with an ssh client, refused", () => {
  test("a loop of jump hosts", async () => {
    expect((await problemsOf(resolveLine(withConfig("loop1")))).join()).toMatch(/loop of ProxyJump/);
  });

  test("ProxyCommand, RemoteCommand and RevokedHostKeys, all at once with a missing key", async () => {
    expect(await problemsOf(resolveLine(withConfig(`-i ${dir}/nokey -i ~/nokey2 proxied`)))).toEqual([
      expect.stringContaining("ProxyCommand is not supported yet"),
      expect.stringContaining("RemoteCommand is not supported yet"),
      expect.stringContaining("RevokedHostKeys"),
      expect.stringContaining(join(dir, "nokey")),
      expect.stringContaining(join(dir, "nokey2")),
    ]);
  });

  test("ProxyCommand of a jump host, naming that host", async () => {
    const problems = await problemsOf(resolveLine(withConfig("throughproxied")));
    expect(problems[0]).toMatch(/^Jump host proxied: ProxyCommand/);
  });

  test("what the options can undo is accepted once they do", async () => {
    const undo = "-o ProxyCommand=none -o RemoteCommand=none -o RevokedHostKeys=none";
    expect((await resolveLine(withConfig(`${undo} proxied`))).hostName).toBe("proxied");
  });

  test("a configuration file that does not exist, with ssh's own words, together with a missing key", async () => {
    const problems = await problemsOf(resolveLine(`ssh -F ${dir}/nofile -i ${dir}/nokey host`));
    expect(problems).toEqual([
      expect.stringMatching(/nofile.*No such file/),
      expect.stringContaining(join(dir, "nokey")),
    ]);
  });

  test("a value that ssh does not know", async () => {
    const problems = await problemsOf(resolveLine("ssh -F none -o StrictHostKeyChecking=maybe host"));
    expect(problems).toEqual([expect.stringMatching(/ssh refuses these settings for host.*maybe/)]);
  });
});

test("an abort passes through untouched", async () => {
  const reason = new Error("stopped by the test");
  const read = readEnvironment({ REMOTE_SSH: "ssh -F none host" });
  if (read.kind !== "ready") throw new Error(read.kind);
  const options = { env: { PATH: CLIENT_PATH }, home: dir, username: "local", signal: AbortSignal.abort(reason) };
  await expect(resolveTarget(read.settings, options)).rejects.toBe(reason);
});

describe("without an ssh client", () => {
  const without = () => ({ PATH: join(dir, "bin") });

  test("the command line and OpenSSH's defaults decide, and ~/.ssh/config is not read", async () => {
    await writeFile(join(dir, ".ssh/config"), "Host *\n  Port 1\n");
    const target = await resolveLine("ssh host", without());
    expect(target).toMatchObject({
      hostName: "host",
      port: 22,
      user: "local",
      identityFiles: [join(dir, ".ssh/id_ed25519")],
      strictHostKeyChecking: "ask",
      connectTimeoutMs: 15_000,
      algorithms: {},
      jumps: [],
    });
    expect(target.agent).toBeUndefined();
    expect(target.knownHostsFiles.slice(0, 2)).toEqual(
      ["known_hosts", "known_hosts2"].map((name) => join(dir, ".ssh", name)),
    );
  });

  test("options are honoured", async () => {
    const options = `-o StrictHostKeyChecking=off -o ConnectTimeout=1m30s -o HostName=%h.lan -o Ciphers=aes128-cbc,3des-cbc
      -o 'UserKnownHostsFile "${dir}/known hosts" ~/kh_%p' -o GlobalKnownHostsFile=none -i ${dir}/key2 -p 24 -6`;
    expect(await resolveLine(`ssh ${options} -J bob@gate:2022 me@box`, without())).toMatchObject({
      host: "box",
      hostName: "box.lan",
      port: 24,
      user: "me",
      addressFamily: 6,
      identityFiles: [join(dir, "key2")],
      knownHostsFiles: [join(dir, "known hosts"), join(dir, "kh_24")],
      strictHostKeyChecking: "no",
      connectTimeoutMs: 90_000,
      algorithms: { ciphers: ["aes128-cbc", "3des-cbc"] },
      jumps: [{ host: "gate", user: "bob", port: 2022, identityFiles: [join(dir, ".ssh/id_ed25519")] }],
    });
  });

  test("what only a client can do is refused, all at once", async () => {
    const line = `ssh -F ${configFile} -o KexAlgorithms=+diffie-hellman-group1-sha1 host`;
    expect(await problemsOf(resolveLine(line, without()))).toEqual([
      expect.stringMatching(/KexAlgorithms.*needs an ssh client/),
      expect.stringMatching(/-F .*ssh client/),
    ]);
  });

  test("wrong values and missing keys are refused, all at once", async () => {
    const line = `ssh -i ${dir}/nokey -o StrictHostKeyChecking=maybe -o ConnectTimeout=soon -o AddressFamily=ipx host`;
    expect(await problemsOf(resolveLine(line, without()))).toHaveLength(4);
  });
});
