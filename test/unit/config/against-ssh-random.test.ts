import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { outcomeOf } from "./outcome.ts";

/** Values of each keyword, good ones and bad ones; DIR is the directory of the test. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  AddressFamily: ["any", "inet6", "INET", "ipv4"],
  BindAddress: ["127.0.0.1", "::1"],
  CertificateFile: ["DIR/included", "none"],
  Ciphers: ["aes128-ctr", "+aes128-cbc", "-aes*", "^aes256-cbc", "nope", "-nope", ""],
  Compression: ["yes", "no", "YES", "true"],
  ConnectTimeout: ["5", "1m", "1h1m1s", "none", "0", "soon", "5x", "1W"],
  ConnectionAttempts: ["1", "3"],
  ForwardAgent: ["yes", "no", "/socket"],
  GSSAPIAuthentication: ["yes", "no"],
  GlobalKnownHostsFile: ["/a", "none", "/g /h"],
  HashKnownHosts: ["yes", "no", "true", "False", "1"],
  HostKeyAlgorithms: ["+ssh-rsa", "ssh-*", "-*cert*", "^ssh-dss"],
  HostKeyAlias: ["Al", "%h", "none"],
  HostName: ["%h.lan", "X.Y", "%%", "%n", "%h-%h", "10.0.0.1", "::1", "'q'", "none"],
  HostbasedAuthentication: ["yes", "no"],
  IdentitiesOnly: ["yes", "no"],
  IdentityAgent: ["none", "SSH_AUTH_SOCK", "~/s", "$SSH_AUTH_SOCK", "/s%h"],
  IdentityFile: ["~/a", "none", '"~/b c"', "DIR/included", "DIR/%n", "/x # y", "a b"],
  Include: ["DIR/included", "DIR/incl*", "DIR/nothing", "~/nope*"],
  KbdInteractiveAuthentication: ["no", "yes"],
  KexAlgorithms: ["+diffie-hellman-group1-sha1", "-*sha1*", "curve25519-sha256"],
  KnownHostsCommand: ["/x %H", "none"],
  LocalForward: ["1 a:2"],
  LogLevel: ["quiet", "INFO", "debug3", "loud", "FATAL"],
  MACs: ["-umac*", "^hmac-md5", "hmac-sha1"],
  NumberOfPasswordPrompts: ["0", "1", "7"],
  PasswordAuthentication: ["no", "yes"],
  Port: ["22", "2200", "0", "70000", "'33'", '"44"', "55#x", "55 #x", "5 5", "-1", ""],
  PreferredAuthentications: ["password", "publickey,password", "keyboard-interactive"],
  ProxyCommand: ["nc %h %p", "none", "None", "'a' \"b\" # c", 'x "open', "= y", "%d", "a=b", "%%", "nc %k"],
  ProxyJump: ["none", "g1", "u@g1:23", "g1,g2", "ssh://u@g1:24", "g1 # c", "[::1]:3", "NONE"],
  PubkeyAcceptedAlgorithms: ["+ssh-rsa", "-sk*", "rsa-*"],
  PubkeyAuthentication: ["no", "yes", "unbound", "host-bound", "maybe"],
  RemoteCommand: ["none", "ls # x"],
  RequestTTY: ["yes", "force", "maybe"],
  RevokedHostKeys: ["/r", "none"],
  SendEnv: ["SEND_*", "-SEND_T*", "OTH? C", "-*", "A=1", "'OTHER'"],
  ServerAliveCountMax: ["1", "0", "x", "+3", " 4 "],
  SetEnv: ["X=1", "X=2 Y='a b'", "Z", '"W=1 2" X=3', "OTHER=9", "E="],
  StrictHostKeyChecking: ["yes", "off", "accept-new", "Accept-New", "never"],
  User: ["a", "'b c'", '"d e"', "f\\ g", "h#i", "# c", "%u", "j=k", '\\"q\\"'],
  UserKnownHostsFile: ["/a /b", "none", '"/a b" /c', "none /a", "~/x%k"],
  VerifyHostKeyDNS: ["yes", "ask", "no"],
};

const HOSTS = ["box", "*", "!box *", "b?x", "other", "BOX", "* !b*", "'box'", "box,other", "*.lan", "box # other"];
const MATCHES = [
  ...["all", "!all", "final", "!final", "canonical", "final all", "final host *.lan", "host box all"],
  ...["host box", "host b*", "host *.lan", "host !box,*", 'host "box,other"', "originalhost box"],
  ...["user a", "!user a", "user=a", "host box user a", "localuser nobody-here"],
];

const LINES = ["box", "other", "a@box", "Box", "x.lan", "-p 9 box", "-l z box", "-C other", "-J none box", "-A box"];

/** A fixed start, so that a failure comes again. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    // The constants of ANSI C's example of rand.
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >> 8) % below;
  };
}

const next = numbers(20_260);
const pick = (list: readonly string[]): string => list[next(list.length)] ?? "";
const KEYWORDS = Object.keys(VALUES);

function configLine(): string {
  const kind = next(8);
  const keyword = kind === 0 ? "Host" : kind === 1 ? "Match" : kind === 2 ? pick(["HostName", "User"]) : pick(KEYWORDS);
  const value = keyword === "Host" ? pick(HOSTS) : keyword === "Match" ? pick(MATCHES) : pick(VALUES[keyword] ?? []);
  const written = pick([keyword, keyword, keyword.toLowerCase(), keyword.toUpperCase()]);
  return `${pick(["", "  ", "\t"])}${written}${pick([" ", " ", "=", "  ", "\t", " = "])}${value}${pick(["", " ", "\r"])}`;
}

const configText = (most: number): string => `${Array.from({ length: 1 + next(most) }, configLine).join("\n")}\n`;

/** About half of them are refused; each costs some runs of ssh. */
const CASES = 80;
let dir = "";

beforeAll(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), "config-random-")));
  await mkdir(join(dir, "bin"));
});

afterAll(() => rm(dir, { recursive: true, force: true }));

test(`${CASES} configurations by chance mean to us what they mean to ssh`, async () => {
  let accepted = 0;
  for (let done = 0; done < CASES; done++) {
    const text = configText(7).replaceAll("DIR", dir);
    const included = configText(4).replace(/^\s*include.*$/gim, "");
    await writeFile(join(dir, "config"), text);
    await writeFile(join(dir, "included"), included.replaceAll("DIR", dir), { mode: 0o600 });
    const line = `ssh -F ${dir}/config ${pick(LINES)}`;
    const withClient = await outcomeOf(line, process.env.PATH ?? "");
    const without = await outcomeOf(line, join(dir, "bin"));
    const all = `${line}\n${text}--- included:\n${included}`;
    if ("target" in withClient) {
      accepted++;
      expect(without, all).toEqual(withClient);
    } else expect(without, all).toHaveProperty("refused");
  }
  expect(accepted).toBeGreaterThan(CASES / 4);
}, 60_000);
