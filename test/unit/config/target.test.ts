import { execFile } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
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
  for (const name of [
    "key one",
    "key2",
    "key_box",
    "onlypub.pub",
    "cert",
    "certified",
    "certified-cert.pub",
    ".ssh/id_ed25519",
  ]) {
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
  ProxyJump plainlyproxied
Host plainlyproxied
  HostName reached.example.com
  ProxyCommand nc -x "%h" %p %% %r %n
  RevokedHostKeys ${dir}/revoked
Host strangetoken
  ProxyCommand nc %d
Host wired
  HostName 10.1.2.3
  User wire
  Port 2300
  BindAddress 127.0.0.1
  Compression yes
  ConnectionAttempts 4
  HashKnownHosts yes
  NumberOfPasswordPrompts 0
  PreferredAuthentications password,publickey,gssapi-with-mic
  PubkeyAcceptedAlgorithms +ssh-rsa
  SetEnv FIRST=1 SECOND="two words" REMOTE_PASSWORD=x
  SendEnv SEND_* REMOTE_* OTHER
  SendEnv -OTHER
  ForwardAgent yes
  LocalForward 8080 localhost:80
  LocalForward 8081 localhost:81
  RequestTTY yes
  AddKeysToAgent yes
Host strange
  CertificateFile ${dir}/cert
  RevokedHostKeys ${dir}/revoked
  KnownHostsCommand /bin/known %H
  PKCS11Provider /lib/card.so
  VerifyHostKeyDNS yes
  HostbasedAuthentication yes
  ProxyCommand x
  ProxyUseFdpass yes
Host kerberos
  GSSAPIAuthentication yes
Host onlykerberos
  GSSAPIAuthentication yes
  PreferredAuthentications gssapi-with-mic
Host nologin
  PreferredAuthentications carrier-pigeon
Host behindstrange
  ProxyJump strangegate
Host strangegate
  RevokedHostKeys ${dir}/revoked
  IdentityFile ${dir}/certified
Host quiet
  LogLevel QUIET
  ForwardAgent yes
  CertificateFile ${dir}/missing
Host backgrounded
  SessionType none
  StdinNull yes
  ForkAfterAuthentication yes
Host option
  HostName -oProxyCommand=x
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
    expect(target.onlyClient).toEqual(["user certificates (CertificateFile)"]);
    expect(target.warnings).toEqual([`The key file ${dir}/missing of the ssh configuration does not exist.`]);
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
    expect(target.forwardAgent).toBe(false);
    expect(target.warnings).toContain(
      "ForwardAgent has no effect here: the agent is forwarded only when REMOTE_SSH holds -A.",
    );
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
      forwardAgent: false,
      authentications: ["publickey", "keyboard-interactive", "password"],
      passwordPrompts: 3,
      hashKnownHosts: false,
      connectionAttempts: 1,
      compression: false,
      environment: {},
      onlyClient: [],
      clientMayHelp: [],
      warnings: [],
    });
    expect(target.bindAddress).toBeUndefined();
    expect(target.proxyCommand).toBeUndefined();
    expect(target.client).toMatch(/^\/.*\/ssh$/);
    expect(target.knownHostsFiles.slice(-2)).toEqual(["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"]);
    expect(target.knownHostsReadOnly).toBe(false);
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
    expect(target.knownHostsReadOnly).toBe(true);
  });

  test("a time longer than a timer can wait is cut to that, for a timer would fire at once", async () => {
    const target = await resolveLine("ssh -F none -o ConnectTimeout=99999999 -o ServerAliveInterval=9999999 box");
    expect(target.connectTimeoutMs).toBe(2 ** 31 - 1);
    expect(target.serverAliveIntervalMs).toBe(2 ** 31 - 1);
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

describe("with an ssh client, the connection", () => {
  const env = { SEND_ONE: "1", OTHER: "3", REMOTE_PASSPHRASE: noOneNeedsIt };

  test("is what every further keyword makes of it", async () => {
    expect(await resolveLine(withConfig("wired"), env)).toMatchObject({
      hostName: "10.1.2.3",
      user: "wire",
      bindAddress: "127.0.0.1",
      compression: true,
      connectionAttempts: 4,
      hashKnownHosts: true,
      passwordPrompts: 0,
      authentications: ["password", "publickey"],
      environment: { SEND_ONE: "1", FIRST: "1", SECOND: "two words" },
      forwardAgent: false,
      passphrase: noOneNeedsIt,
      onlyClient: [],
      clientMayHelp: [],
      warnings: [
        "Port forwardings of the ssh configuration are not made.",
        "ForwardAgent has no effect here: the agent is forwarded only when REMOTE_SSH holds -A.",
      ],
    });
  });

  test("offers changed algorithms for user keys, and others not", async () => {
    const { algorithms } = await resolveLine(withConfig("wired"));
    expect(algorithms.pubkeyAccepted).toContain("ssh-rsa");
    expect(algorithms.hostKey).toBeUndefined();
  });

  test("never carries a secret of ours among its variables", async () => {
    const { environment } = await resolveLine(withConfig("-o SendEnv=* wired"), env);
    expect(environment).toMatchObject({ OTHER: "3", SEND_ONE: "1", HOME: dir });
    expect(JSON.stringify(environment)).not.toContain(noOneNeedsIt);
    expect(Object.keys(environment).join()).not.toMatch(/REMOTE_P|REMOTE_SUDO/);
  });

  test("forwards the agent only for -A, and says so", async () => {
    const target = await resolveLine(withConfig("-A box"));
    expect(target.forwardAgent).toBe(true);
    expect(target.warnings[0]).toBe(
      "The ssh-agent is forwarded (-A): whoever is root on box can use its keys while it is.",
    );
    expect(await resolveLine(withConfig("-A -a wired"))).toMatchObject({
      forwardAgent: false,
      warnings: ["Port forwardings of the ssh configuration are not made."],
    });
  });

  test("runs ProxyCommand with its tokens expanded and its quotes kept", async () => {
    const target = await resolveLine(withConfig("plainlyproxied"));
    expect(target.proxyCommand).toBe(`nc -x "reached.example.com" 22 % ${target.user} plainlyproxied`);
    expect((await resolveLine(withConfig("-o 'ProxyCommand=nc \"%h\" %p' -p 99 box"))).proxyCommand).toBe(
      'nc "box.example.com" 99',
    );
  });

  test("follows the ProxyCommand of the first hop and of no other", async () => {
    const target = await resolveLine(withConfig("throughproxied"));
    expect(target.jumps[0]?.proxyCommand).toMatch(/^nc -x "reached\.example\.com" 22/);
    expect(target.proxyCommand).toBeUndefined();
    expect(target.onlyClient).toEqual(["RevokedHostKeys for the jump host plainlyproxied"]);
    expect((await resolveLine(withConfig("-J gate,plainlyproxied box"))).jumps.at(-1)?.proxyCommand).toBeUndefined();
  });

  test("binds to an interface whose address is certain, else leaves that to the client", async () => {
    expect((await resolveLine(withConfig("-B lo -4 plain"))).bindAddress).toBe("127.0.0.1");
    expect((await resolveLine(withConfig("-o BindAddress=localhost plain"))).onlyClient).toEqual([
      "a name as BindAddress",
    ]);
    expect(await problemsOf(resolveLine(withConfig("-B nosuch0 plain")))).toEqual([
      'BindInterface is "nosuch0", which is no network interface of this machine that has an address.',
    ]);
  });

  test("names what only the system's ssh can do", async () => {
    expect((await resolveLine(withConfig("strange"))).onlyClient).toEqual([
      "RevokedHostKeys",
      "KnownHostsCommand",
      "keys on smart cards (PKCS11Provider)",
      "VerifyHostKeyDNS",
      "ProxyUseFdpass",
      "user certificates (CertificateFile)",
      "host-based logins (HostbasedAuthentication)",
    ]);
  });

  test("keeps Kerberos for later unless it is the only way in", async () => {
    const ticket = { ...env, KRB5CCNAME: "KCM:" };
    expect(await resolveLine(withConfig("kerberos"), env)).toMatchObject({ onlyClient: [], clientMayHelp: [] });
    expect(await resolveLine(withConfig("kerberos"), ticket)).toMatchObject({
      onlyClient: [],
      clientMayHelp: ["Kerberos logins (GSSAPIAuthentication)"],
    });
    expect(await resolveLine(withConfig("onlykerberos"))).toMatchObject({
      authentications: [],
      onlyClient: ["Kerberos logins (GSSAPIAuthentication)"],
      clientMayHelp: [],
    });
    expect((await resolveLine("ssh -F none -K box")).clientMayHelp).toEqual(["Kerberos logins (GSSAPIAuthentication)"]);
  });

  test("says of jump hosts, too, what only the system's ssh can do, and gives them the passphrase", async () => {
    const target = await resolveLine(withConfig("behindstrange"), env);
    expect(target).toMatchObject({
      onlyClient: ["RevokedHostKeys for the jump host strangegate"],
      clientMayHelp: [`the user certificate ${dir}/certified-cert.pub for the jump host strangegate`],
      passphrase: noOneNeedsIt,
    });
    expect(target.jumps[0]).toMatchObject({ passphrase: noOneNeedsIt, clientArguments: [] });
    expect(target.jumps[0]?.password).toBeUndefined();
  });

  test("is quiet where LogLevel is", async () => {
    expect((await resolveLine(withConfig("quiet"))).warnings).toEqual([]);
    expect((await resolveLine(withConfig("-o LogLevel=INFO quiet"))).warnings).toHaveLength(2);
    expect((await resolveLine(withConfig("-q -o BatchMode=yes box"))).warnings).toEqual([]);
  });

  test("says which one counts where ProxyJump and ProxyCommand are both typed", async () => {
    expect(await resolveLine("ssh -F none -J a -o ProxyCommand=x box")).toMatchObject({
      proxyCommand: undefined,
      jumps: [{ host: "a" }],
      warnings: ["-o ProxyCommand has no effect here: the ProxyJump before it counts."],
    });
    expect(await resolveLine("ssh -F none -o ProxyCommand=x -J a box")).toMatchObject({
      proxyCommand: "x",
      jumps: [],
      warnings: ["-o ProxyJump has no effect here: the ProxyCommand before it counts."],
    });
  });

  test("warns once for an option that is typed twice", async () => {
    const { warnings } = await resolveLine("ssh -F none -o BatchMode=yes -o BatchMode=no box");
    expect(warnings).toEqual(["-o BatchMode has no effect here."]);
  });

  test("has words for the system's ssh that mean the same", async () => {
    const line = `-p 2300 -l carol -i '${dir}/key one' -o ConnectTimeout=7 -J jump -A`;
    const target = await resolveLine(withConfig(`${line} box`));
    expect(target.clientArguments).toEqual([
      ...["-F", configFile, "-p", "2300", "-l", "carol", "-J", "jump", "-o", "ConnectTimeout=7"],
      ...["-i", join(dir, "key one"), "-A", "-T", "-x", "-o", "ClearAllForwardings=yes", "--", "box"],
    ]);
    const answer = await promisify(execFile)(target.client ?? "", ["-G", ...target.clientArguments]);
    const said = answer.stdout.split("\n");
    expect(said).toEqual(
      expect.arrayContaining([
        "user carol",
        "port 2300",
        "hostname box.example.com",
        "connecttimeout 7",
        "forwardagent yes",
      ]),
    );
    expect(said).toContain(`identityfile ${dir}/key one`);
  });

  test("keeps the system's ssh from doing what would hinder a command", async () => {
    const target = await resolveLine(withConfig("backgrounded"));
    const answer = await promisify(execFile)(target.client ?? "", ["-G", ...target.clientArguments]);
    expect(answer.stdout).toMatch(/^forkafterauthentication no$/m);
    expect(answer.stdout).toMatch(/^sessiontype default$/m);
    expect(answer.stdout).toMatch(/^stdinnull no$/m);
    const wired = await resolveLine(withConfig("wired"));
    const wiredAnswer = await promisify(execFile)(wired.client ?? "", ["-G", ...wired.clientArguments]);
    expect(wiredAnswer.stdout).toMatch(/^forwardagent no$/m);
    expect(wiredAnswer.stdout).not.toMatch(/^localforward/m);
  });
});

describe("with an ssh client, refused", () => {
  test("a loop of jump hosts", async () => {
    expect((await problemsOf(resolveLine(withConfig("loop1")))).join()).toMatch(/loop of ProxyJump/);
  });

  test("RemoteCommand, all at once with a missing key", async () => {
    expect(await problemsOf(resolveLine(withConfig(`-i ${dir}/nokey -i ~/nokey2 proxied`)))).toEqual([
      expect.stringMatching(/^RemoteCommand of the ssh configuration takes the place.*add -o RemoteCommand=none\.$/),
      expect.stringContaining(join(dir, "nokey")),
      expect.stringContaining(join(dir, "nokey2")),
    ]);
  });

  test("a token that ProxyCommand does not have", async () => {
    expect(await problemsOf(resolveLine(withConfig("strangetoken")))).toEqual([
      'ProxyCommand holds "%d", which ssh does not know there; write %% for a plain %.',
    ]);
  });

  test("a configuration that leaves no way to log in", async () => {
    expect(await problemsOf(resolveLine(withConfig("nologin")))).toEqual([
      expect.stringMatching(
        /^The ssh configuration leaves no way to log in \(PreferredAuthentications "carrier-pigeon"\)/,
      ),
    ]);
  });

  test("a HostName that looks like an option", async () => {
    expect(await problemsOf(resolveLine(withConfig("option")))).toEqual([
      'HostName is "-oproxycommand=x", which begins with "-" or holds control characters; correct it.',
    ]);
  });

  test("what the options can undo is accepted once they do", async () => {
    const undo = "-o ProxyCommand=none -o RemoteCommand=none -o RevokedHostKeys=none";
    const target = await resolveLine(withConfig(`${undo} proxied`));
    expect(target).toMatchObject({ hostName: "proxied", onlyClient: [] });
    expect(target.proxyCommand).toBeUndefined();
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

  test("the command line and OpenSSH's defaults decide", async () => {
    const target = await resolveLine("ssh -F none host", without());
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
    expect(target.client).toBeUndefined();
    expect(target.knownHostsFiles.slice(0, 2)).toEqual(
      ["known_hosts", "known_hosts2"].map((name) => join(dir, ".ssh", name)),
    );
  });

  test("~/.ssh/config is read, and what it includes from beside it", async () => {
    await writeFile(join(dir, ".ssh/config"), "Host host\n  Include more*\n  Port 2\n", { mode: 0o600 });
    await writeFile(join(dir, ".ssh/more.conf"), "Port 1\nHostName %h.lan\n", { mode: 0o600 });
    expect(await resolveLine("ssh host", without())).toMatchObject({ port: 1, hostName: "host.lan" });
    await rm(join(dir, ".ssh/config"));
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

  test("wrong values and missing keys are refused, all at once", async () => {
    const line = `ssh -i ${dir}/nokey -o StrictHostKeyChecking=maybe -o ConnectTimeout=soon -o AddressFamily=ipx host`;
    expect(await problemsOf(resolveLine(line, without()))).toHaveLength(4);
  });
});
