import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ALGORITHM_LISTS } from "../../../src/config/algorithm-lists.ts";
import { known, LOCAL_USER, type Outcome, outcomeOf } from "./outcome.ts";

/**
 * Differential: what we read from the files without a client is what the installed OpenSSH client says. Each case is a
 * configuration and command lines that name it as CONFIG.
 */
const CLIENT_PATH = process.env.PATH ?? "";
let dir = "";

beforeAll(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), "config-against-")));
  await mkdir(join(dir, "bin"));
  await mkdir(join(dir, "conf.d", "deep"), { recursive: true });
  const files: Record<string, string> = {
    "key one": "",
    key2: "",
    key_box: "",
    cert: "",
    "conf.d/10-a.conf": "Host box\n  Port 2201\n  HostName first.lan\nHost *\n  ConnectTimeout 33\n",
    "conf.d/20-b.conf": "Port 2202\nMatch host *.lan\n  User lan\n",
    "conf.d/.hidden.conf": "Port 1\n",
    "conf.d/other": "Port 2\n",
    "conf.d/[x].conf": "ConnectionAttempts 9\n",
    "conf.d/deep/c.conf": `Include ${dir}/conf.d/20*\nServerAliveInterval 7\n`,
    loop: `Include ${dir}/loop\n`,
    bad: "Prot 22\n",
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text, { mode: 0o600 });
});

afterAll(() => rm(dir, { recursive: true, force: true }));

async function both(config: string, line: string): Promise<[withClient: Outcome, without: Outcome]> {
  const file = join(dir, "config");
  await writeFile(file, config.replaceAll("DIR", dir));
  const command = line.replaceAll("CONFIG", file).replaceAll("DIR", dir);
  // One after the other: the file is written again for the next case.
  const withClient = await outcomeOf(command, CLIENT_PATH);
  return [withClient, await outcomeOf(command, join(dir, "bin"))];
}

const ACCEPTED: [name: string, config: string, ...lines: string[]][] = [
  ["nothing", "", "ssh -F CONFIG box", "ssh -F none me@Box", "ssh -F none -p 2022 -l me ssh://x@[::1]:23"],
  [
    "every plain keyword",
    `Host box
  HostName %h.Example.com
  Port 2200
  User alice
  AddressFamily inet6
  BindAddress 127.0.0.1
  Compression yes
  ConnectionAttempts 4
  ConnectTimeout 1m30
  HashKnownHosts yes
  HostKeyAlias BoxKey
  IdentitiesOnly true
  NumberOfPasswordPrompts 5
  ServerAliveCountMax 7
  ServerAliveInterval 1h
  StrictHostKeyChecking off
  LogLevel verbose
  RequestTTY force
`,
    "ssh -F CONFIG box",
    "ssh -F CONFIG other",
    "ssh -F CONFIG -p 1 -C -b 127.0.0.2 -o ConnectTimeout=2m -o StrictHostKeyChecking=accept-new carol@box",
  ],
  [
    "the first value wins",
    "Port 1\nPort 2\nUser a\nHost *\n  User b\n  Port 3\n  HostName c\n",
    "ssh -F CONFIG box",
    "ssh -F CONFIG -p 9 box",
  ],
  [
    "Host patterns",
    "Host b?x !bax *.lan\n  Port 11\nHost * !box\n  User nobox\nHost B*\n  ConnectTimeout 5\nHost !box\n  ConnectTimeout 6\n",
    "ssh -F CONFIG box",
    "ssh -F CONFIG bax",
    "ssh -F CONFIG a.lan",
    "ssh -F CONFIG BOX",
    "ssh -F CONFIG boxx",
  ],
  [
    "equals signs, quotes, blanks and comments",
    '# c\n\n\t Port = 2200 # c\nUser="a b"\n  HostName=x.lan\r\nConnectTimeout\t5\nHostKeyAlias \'k\\\'y\'\n"Compression" yes\n',
    "ssh -F CONFIG box",
  ],
  [
    "key files",
    'IdentityFile "DIR/key one"\nIdentityFile DIR/key_%n\nIdentityFile DIR/key\\ one\nIdentityFile DIR/missing\nIdentityFile DIR/key2\nHost box\n  IdentityFile DIR/cert\n',
    "ssh -F CONFIG box",
    "ssh -F CONFIG -i DIR/key2 box",
    "ssh -F CONFIG -i DIR/key2 -o IdentitiesOnly=yes none",
    "ssh -F CONFIG -o IdentityFile=none box",
  ],
  ["no key files", "IdentityFile none\n", "ssh -F CONFIG box"],
  [
    "certificates",
    "CertificateFile DIR/cert\nCertificateFile none\nCertificateFile DIR/nocert\n",
    "ssh -F CONFIG box",
    "ssh -F CONFIG -o CertificateFile=DIR/key2 box",
  ],
  [
    "known hosts",
    'UserKnownHostsFile DIR/kh_%k_%p "DIR/known hosts"\nGlobalKnownHostsFile none\nHostKeyAlias Al\n',
    "ssh -F CONFIG box",
    "ssh -F CONFIG -o UserKnownHostsFile=none box",
    "ssh -F CONFIG -o 'UserKnownHostsFile DIR/a DIR/b' -o 'GlobalKnownHostsFile \"DIR/c d\"' box",
  ],
  [
    "agents",
    'Host a\n  IdentityAgent none\nHost b\n  IdentityAgent SSH_AUTH_SOCK\nHost c\n  IdentityAgent ~/agent_%r\nHost d\n  IdentityAgent "DIR/the agent"\n',
    "ssh -F CONFIG a",
    "ssh -F CONFIG b",
    "ssh -F CONFIG c",
    "ssh -F CONFIG d",
  ],
  [
    "ProxyCommand",
    "Host a\n  ProxyCommand nc \"%h\" %p %% '#x' %r %n # all of it\nHost b\n  ProxyCommand none\nHost c\n  ProxyCommand = sh -c 'exec nc %h %p'\n",
    "ssh -F CONFIG a",
    "ssh -F CONFIG b",
    "ssh -F CONFIG c",
    "ssh -F CONFIG -o 'ProxyCommand=x \"%h\"' b",
    "ssh -F CONFIG -o ProxyCommand=none a",
  ],
  [
    "ProxyJump with each hop's own settings",
    "Host behind\n  ProxyJump bob@gate:2022,second\nHost gate\n  HostName gate.lan\n  ProxyJump outer\nHost second\n  HostName 10.0.0.2\n  ProxyCommand never\nHost outer\n  ProxyCommand reach %h\n  User out\n",
    "ssh -F CONFIG behind",
    "ssh -F CONFIG -J none behind",
    "ssh -F CONFIG -J dave@[::1]:23,ssh://x@y:24 behind",
  ],
  [
    "ProxyJump before ProxyCommand",
    "Host box\n  ProxyJump gate\n  ProxyCommand nc %h\n",
    "ssh -F CONFIG box",
    "ssh -F CONFIG -o ProxyJump=none box",
    "ssh -F CONFIG -o ProxyCommand=none box",
    "ssh -F CONFIG -J other -o ProxyCommand=x box",
    "ssh -F CONFIG -o ProxyCommand=x -o ProxyJump=other box",
    "ssh -F CONFIG -J none -o ProxyCommand=x box",
  ],
  [
    "ProxyCommand before ProxyJump",
    "Host gate\n  Port 3\nHost box\n  ProxyCommand nc %h\n  ProxyJump gate\n",
    "ssh -F CONFIG box",
    "ssh -F CONFIG -o ProxyCommand=none box",
  ],
  [
    "appended algorithms",
    "KexAlgorithms +diffie-hellman-group1-sha1,diffie-hellman-group14-sha1\nHostKeyAlgorithms +ssh-rsa,ssh-dss\nPubkeyAcceptedAlgorithms +ssh-rsa\nCiphers +aes128-cbc\nMACs +hmac-md5\n",
    "ssh -F CONFIG box",
    "ssh -F CONFIG -c aes256-ctr -m hmac-sha2-512 box",
    "ssh -F CONFIG -o KexAlgorithms=curve25519-sha256 box",
  ],
  [
    "algorithms in front",
    "KexAlgorithms ^ecdh-sha2-nistp256\nCiphers ^aes256-cbc,aes128-ctr\nHostKeyAlgorithms ^ssh-rsa\n",
    "ssh -F CONFIG box",
  ],
  [
    "algorithms taken away",
    "KexAlgorithms -diffie*,ecdh-*\nCiphers -chacha*,*gcm*\nMACs -*sha1*,umac-64*\nHostKeyAlgorithms -*cert*,sk-*\nPubkeyAcceptedKeyTypes -ssh-ed25519*\n",
    "ssh -F CONFIG box",
  ],
  [
    "whole lists of algorithms",
    "KexAlgorithms diffie-hellman-group14-sha256\nCiphers aes256-gcm@openssh.com,aes128-cbc\nHostKeyAlgorithms ssh-*,rsa-sha2-512\n",
    "ssh -F CONFIG box",
  ],
  [
    "logins",
    "Host a\n  PreferredAuthentications password,publickey\nHost b\n  PubkeyAuthentication no\n  KbdInteractiveAuthentication no\nHost c\n  ChallengeResponseAuthentication no\n  PasswordAuthentication no\nHost d\n  PubkeyAuthentication unbound\n  PreferredAuthentications keyboard-interactive,foo,publickey\n",
    "ssh -F CONFIG a",
    "ssh -F CONFIG b",
    "ssh -F CONFIG c",
    "ssh -F CONFIG d",
    "ssh -F CONFIG -o PasswordAuthentication=no b -o PubkeyAuthentication=yes",
  ],
  [
    "what only a client can do",
    'Host a\n  HostbasedAuthentication yes\n  RevokedHostKeys "DIR/re voked"\n  KnownHostsCommand /bin/x %H\n  PKCS11Provider /x.so\n  VerifyHostKeyDNS yes\nHost b\n  RevokedHostKeys none\n  VerifyHostKeyDNS ask\n  GSSAPIAuthentication yes\n  ProxyCommand x\n  ProxyUseFdpass yes\n',
    "ssh -F CONFIG a",
    "ssh -F CONFIG b",
    "ssh -F CONFIG -K a",
  ],
  [
    "SendEnv and SetEnv",
    'SendEnv SEND_* OTHER\nSendEnv -SEND_T* -O*\nSendEnv OTHER\nSetEnv A=1 \'B=two words\' "C=\\"q\\"" A=2\nSetEnv D=never\n',
    "ssh -F CONFIG box",
    "ssh -F CONFIG -o SetEnv=E=5 -o SendEnv=SEND_TWO box",
  ],
  [
    "forwardings and the agent",
    "LocalForward 8080 localhost:80\nRemoteForward 9 a:9\nDynamicForward 1080\nForwardAgent yes\n",
    "ssh -F CONFIG box",
    "ssh -F CONFIG -A box",
    "ssh -F CONFIG -a box",
    "ssh -F CONFIG -o ForwardAgent=no box",
  ],
  [
    "silence",
    "LogLevel QUIET\nForwardAgent yes\nLocalForward 1 a:2\n",
    "ssh -F CONFIG box",
    "ssh -F CONFIG -o LogLevel=INFO box",
  ],
  [
    "Include with a glob, in order",
    "Include DIR/conf.d/*.conf\nPort 2299\n",
    "ssh -F CONFIG box",
    "ssh -F CONFIG other",
  ],
  [
    "Include inside a block that does not count",
    "Host nobody\n  Include DIR/conf.d/*.conf\nHost box\n  Include DIR/conf.d/20* DIR/conf.d/nothing*\n  User inner\nHost *\n  User all\n",
    "ssh -F CONFIG box",
    "ssh -F CONFIG other",
  ],
  [
    "Include that includes, and brackets in names",
    'Include DIR/conf.d/d??p/*.conf\nInclude DIR/conf.d/[0-9]*-a.conf "DIR/conf.d/[[]x].conf"\n',
    "ssh -F CONFIG box",
  ],
  ["Match all", "Match all\n  Port 1\nMatch !all\n  User never\n", "ssh -F CONFIG box"],
  [
    "Match host and originalhost",
    "Host box\n  HostName box.lan\nMatch host *.LAN\n  User lan\nMatch originalhost box\n  Port 7\nMatch host box\n  ConnectTimeout 9\nMatch host !x.lan,*.lan !originalhost other\n  ConnectionAttempts 3\n",
    "ssh -F CONFIG box",
    "ssh -F CONFIG other",
    "ssh -F CONFIG x.lan",
  ],
  [
    "Match user and localuser",
    `Match user joe
  Port 8
Match user root,${LOCAL_USER} localuser ${LOCAL_USER}
  Port 9
Match localuser nobody-else
  Port 10
Match user=j* host="b*"
  ConnectTimeout 4
`,
    "ssh -F CONFIG box",
    "ssh -F CONFIG joe@box",
    "ssh -F CONFIG -l jim box",
  ],
  [
    "Match final",
    "Host box\n  HostName box.lan\nHost *.lan\n  Port 44\nMatch final host *.lan\n  User final\nMatch final all\n  ConnectTimeout 3\nMatch canonical\n  ConnectionAttempts 2\nMatch !final\n  ServerAliveCountMax 8\n",
    "ssh -F CONFIG box",
    "ssh -F CONFIG other",
  ],
  [
    "Match on what was set before",
    "User joe\nMatch user joe\n  HostName joe.lan\nMatch host joe.lan\n  Port 5\n",
    "ssh -F CONFIG box",
  ],
  ["IgnoreUnknown", "IgnoreUnknown Use*,x?\nUseSomething yes\nX1 y\nPort 12\n", "ssh -F CONFIG box"],
  ["the user's and the machine's own files", "", "ssh box", "ssh -o HashKnownHosts=no -q box"],
  [
    "old spellings",
    "PubkeyAcceptedKeyTypes ssh-ed25519\nDSAAuthentication no\nProtocol 2\nCipher 3des\nUsePrivilegedPort no\nKeepAlive yes\n",
    "ssh -F CONFIG box",
  ],
];

test("the lists that are taken for OpenSSH's own are those of the client, as far as it knows the names", () => {
  const answer = execFileSync("ssh", ["-G", "-T", "-F", "none", "box"], { encoding: "utf8" });
  for (const [key, { standard }] of ALGORITHM_LISTS) {
    const theirs = new RegExp(`^${key} (.*)$`, "m").exec(answer)?.[1];
    expect(standard.filter((name) => known.has(name)).join(","), key).toBe(theirs);
  }
});

describe("without a client the same as the client says", () => {
  test.each(ACCEPTED)("%s", async (_name, config, ...lines) => {
    for (const line of lines) {
      const [withClient, without] = await both(config, line);
      expect(withClient, line).toHaveProperty("target");
      expect(without, line).toEqual(withClient);
    }
  });
});

const REFUSED: [name: string, config: string][] = [
  ["a typo", "Port 22\nStrictHostKeyCheking no\n"],
  ["a typo in a block that does not count", "Host nobody\n  Prot 22\n"],
  ["a typo in an included file", "Include DIR/bad\n"],
  ["a loop of Include", "Include DIR/loop\n"],
  ["an open quote", 'User "joe\n'],
  ["a missing value", "Port\n"],
  ["a second value", "Port 22 23\n"],
  ["a wrong number", "ConnectTimeout soon\n"],
  ["a wrong port", "Port 70000\n"],
  ["a cipher that there is not", "Ciphers +aes128-cbx\n"],
  ["a pattern of ciphers", "Ciphers aes*\n"],
  ["Compression by another word", "Compression true\n"],
  ["a wrong choice", "AddressFamily ipx\n"],
  ["a wrong flag", "HashKnownHosts maybe\n"],
  ["none among files", "UserKnownHostsFile none DIR/a\n"],
  ["a Match without criteria", "Match\n  Port 1\n"],
  ["a Match criterion without an argument", "Match host\n  Port 1\n"],
  ["an unknown Match criterion", "Match colour red\n  Port 1\n"],
  ["Match all beside others", "Match all host a\n"],
  ["Match all behind two others", "Match host a user b all\n"],
  ["SetEnv without a value", "SetEnv A\n"],
  ["SendEnv with a value", "SendEnv A=1\n"],
  ["RemoteCommand", "RemoteCommand ls\n"],
  ["no way to log in", "PreferredAuthentications foo\n"],
  ["a HostName like an option", "HostName -oProxyCommand=x\n"],
];

test.each(REFUSED)("both refuse %s", async (_name, config) => {
  const [withClient, without] = await both(config, "ssh -F CONFIG box");
  expect(withClient).toHaveProperty("refused");
  expect(without).toHaveProperty("refused");
});
