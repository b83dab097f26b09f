import { describe, expect, test } from "vitest";
import { parseJump, parseSshCommand } from "../../../src/config/ssh-command.ts";

const NOTHING = { identityFiles: [], options: [], ignored: [] };

describe("parseSshCommand reads what ssh accepts", () => {
  test.each([
    ["host", { host: "host" }],
    ["ssh host", { host: "host" }],
    ["/usr/bin/ssh host", { host: "host" }],
    ["'C:\\Windows\\System32\\OpenSSH\\ssh.exe' host", { host: "host" }],
    ["ssh me@host", { host: "host", user: "me" }],
    ["ssh me@corp@host", { host: "host", user: "me@corp" }],
    ["ssh 'CORP\\me@host'", { host: "host", user: "CORP\\me" }],
    ["ssh -p 2222 host", { host: "host", port: 2222 }],
    ["ssh -p2222 -lme host", { host: "host", port: 2222, user: "me" }],
    ["ssh -vTp 22 host", { host: "host", port: 22 }],
    ["ssh -4 -vvv -T -x -n -y host", { host: "host", options: [["AddressFamily", "inet"]] }],
    [
      "ssh -qC host",
      {
        host: "host",
        options: [
          ["LogLevel", "QUIET"],
          ["Compression", "yes"],
        ],
      },
    ],
    ["ssh -k host", { host: "host", options: [["GSSAPIDelegateCredentials", "no"]] }],
    [
      "ssh -K host",
      {
        host: "host",
        options: [
          ["GSSAPIAuthentication", "yes"],
          ["GSSAPIDelegateCredentials", "yes"],
        ],
      },
    ],
    ["ssh -A host", { host: "host", forwardAgent: true }],
    ["ssh -a host", { host: "host", forwardAgent: false }],
    ["ssh -Aa host", { host: "host", forwardAgent: false }],
    [
      "ssh -b 10.0.0.1 -B eth0 host",
      {
        host: "host",
        options: [
          ["BindAddress", "10.0.0.1"],
          ["BindInterface", "eth0"],
        ],
      },
    ],
    [
      "ssh -c ^aes128-cbc -m -*sha1* host",
      {
        host: "host",
        options: [
          ["Ciphers", "^aes128-cbc"],
          ["MACs", "-*sha1*"],
        ],
      },
    ],
    ["ssh -o 'ProxyCommand nc \"%h\" %p' host", { host: "host", options: [["ProxyCommand", 'nc "%h" %p']] }],
    ["ssh -J a -o ProxyCommand=x host", { host: "host", jump: "a", ignored: ["ProxyCommand"] }],
    ["ssh -J a -o ProxyCommand=none host", { host: "host", jump: "a" }],
    [
      "ssh -o ProxyCommand=x -o ProxyJump=a host",
      { host: "host", options: [["ProxyCommand", "x"]], ignored: ["ProxyJump"] },
    ],
    ["ssh -J none -o ProxyCommand=x host", { host: "host", options: [["ProxyCommand", "x"]] }],
    ["ssh -o CertificateFile=~/c host", { host: "host", options: [["CertificateFile", "~/c"]] }],
    ["ssh -o RemoteCommand=none host", { host: "host", options: [["RemoteCommand", "none"]] }],
    ["ssh -o BatchMode=yes -o batchmode=no host", { host: "host", ignored: ["BatchMode"] }],
    ["ssh -6 host", { host: "host", options: [["AddressFamily", "inet6"]] }],
    ["ssh -i ~/a -i'/b c' host", { host: "host", identityFiles: ["~/a", "/b c"] }],
    ["ssh -i ~/a -o IdentityFile=~/b host", { host: "host", identityFiles: ["~/a", "~/b"] }],
    ["ssh -o IdentityFile=none host", { host: "host", options: [["IdentityFile", "none"]] }],
    ["ssh -oconnecttimeout=5 host", { host: "host", options: [["ConnectTimeout", "5"]] }],
    ["ssh -o 'ConnectTimeout 5' host", { host: "host", options: [["ConnectTimeout", "5"]] }],
    ["ssh -o 'ConnectTimeout = 5' host", { host: "host", options: [["ConnectTimeout", "5"]] }],
    ["ssh -o Port=24 -p 25 -o User=a -l b c@host", { host: "host", port: 24, user: "a" }],
    ["ssh -J a,b@c:22,[::1]:23 host", { host: "host", jump: "a,b@c:22,[::1]:23" }],
    ["ssh -o ProxyJump=none -J a host", { host: "host", jump: "none" }],
    ["ssh -F /etc/x host", { host: "host", configFile: "/etc/x" }],
    ["ssh -o ForwardAgent=yes host", { host: "host", options: [["ForwardAgent", "yes"]] }],
    ["ssh -o ProxyCommand=none host", { host: "host", options: [["ProxyCommand", "none"]] }],
    ["ssh ssh://me@host:2200", { host: "host", user: "me", port: 2200 }],
    ["ssh ssh://a%40b@host/", { host: "host", user: "a@b" }],
    ["ssh ssh://[2001:db8::1]:2200", { host: "2001:db8::1", port: 2200 }],
    ["ssh me@::1", { host: "::1", user: "me" }],
    ["ssh [fe80::1%eth0]", { host: "fe80::1%eth0" }],
    ["ssh -- host", { host: "host" }],
    ["ssh host -p 2222", { host: "host", port: 2222 }],
    ["ssh ssh", { host: "ssh" }],
  ])("%s", (line, expected) => {
    expect(parseSshCommand(line)).toEqual({ ok: true, value: { ...NOTHING, ...expected } });
  });
});

function problemsOf(line: string): string[] {
  const parsed = parseSshCommand(line);
  if (parsed.ok) throw new Error(`${line} was accepted`);
  return parsed.problems;
}

describe("parseSshCommand refuses, naming what is wrong", () => {
  test.each([
    ["ssh", "no host"],
    ["ssh -p 22", "no host"],
    ["ssh ''", "host name is empty"],
    ["ssh @host", 'before "@" is empty'],
    ["ssh me@", "host name is empty"],
    ["ssh -p 0 host", 'port "0"'],
    ["ssh -p 65536 host", 'port "65536"'],
    ["ssh -p 2x host", 'port "2x"'],
    ["ssh -o Port=ssh host", 'port "ssh"'],
    ["ssh ssh://host:x", 'port "x"'],
    ["ssh ssh://host%zz@x", "%XX"],
    ["ssh host:22", "-p PORT"],
    ["ssh 'unfinished", "never closed"],
    ["ssh -- -oProxyCommand=x", 'begins with "-"'],
    ["ssh -- me@-host", 'begins with "-"'],
    ["ssh -l -x host", 'begins with "-"'],
    ["ssh ssh://-oProxyCommand=x", 'begins with "-"'],
    ["ssh 'a b'", "white space"],
    ["ssh 'a\u0007b'", "control characters"],
    ["ssh 'a b@host'", "white space"],
    ["ssh 'h$(x)'", "character that no host name has"],
    ["ssh 'a;b@h'", "character that no login name has"],
    ["ssh host ls -l", 'remote command after the host is not supported: remove "ls"'],
    ["ssh -- host -p 22", 'remove "-p"'],
    ["ssh -L 1:a:2 host", "-L is not supported"],
    ["ssh -R1:a:2 host", "-R is not supported"],
    ["ssh -D 1 host", "-D is not supported"],
    ["ssh -t host", "-t is not supported"],
    ["ssh -X host", "-X is not supported"],
    ["ssh -Y host", "-Y is not supported"],
    ["ssh -f host", "-f is not supported"],
    ["ssh -M host", "-M is not supported"],
    ["ssh -S path host", "-S is not supported"],
    ["ssh -O check host", "-O is not supported"],
    ["ssh -Q cipher host", "-Q is not supported"],
    ["ssh -I x.so host", "use -o PKCS11Provider"],
    ["ssh -N host", "-N is not supported"],
    ["ssh -W a:1 host", "-W is not supported"],
    ["ssh -w 1 host", "-w is not supported"],
    ["ssh -c '' host", "-c has an empty value"],
    ["ssh -b -x host", 'The value of -b is "-x", which begins with "-"'],
    ["ssh -B -x host", 'The value of -B is "-x", which begins with "-"'],
    ["ssh -F -x host", 'The value of -F is "-x", which begins with "-"'],
    ["ssh -i -x host", 'The value of -i is "-x", which begins with "-"'],
    ["ssh -o HostName=-oProxyCommand=x host", 'The value of -o HostName is "-oProxyCommand=x"'],
    ["ssh -o 'BindAddress \"-x\"' host", "The value of -o BindAddress"],
    ["ssh -i 'a\u0007b' host", "The value of -i holds control characters"],
    ["ssh -F 'a\nb' host", "The value of -F holds control characters"],
    ["ssh -b 'a\u001bb' host", "The value of -b holds control characters"],
    ["ssh -J 'a\u0007b' host", "control characters"],
    ["ssh -o 'ProxyCommand=a\nb' host", "The value of -o ProxyCommand holds control characters"],
    ["ssh -o 'SetEnv=A=\u007f' host", "The value of -o SetEnv holds control characters"],
    ["ssh --help host", 'no option "--help"'],
    ["ssh --password=hunter2 host", 'no option "--password"'],
    ["ssh host -p", "-p needs a value"],
    ["ssh -i '' host", "-i has an empty value"],
    ["ssh -o Port host", "not Key=Value"],
    ["ssh -o StrictHostKeyCheking=no host", "did you mean StrictHostKeyChecking?"],
    ["ssh -o qqqqqq=1 host", "ssh_config(5)"],
    ["ssh -o RemoteCommand=ls host", "-o RemoteCommand takes the place of every command"],
    ["ssh -J a:b host", 'port "b"'],
    ["ssh -J a,,b host", "host name is empty"],
    ["ssh -J -x host", 'begins with "-"'],
    ["sshpass -p hunter2 ssh host", "REMOTE_PASSWORD"],
  ])("%s", (line, said) => {
    expect(problemsOf(line)).toEqual([expect.stringContaining(said)]);
  });

  test("every problem of one line is listed", () => {
    expect(problemsOf("ssh -p x -L 1:a:2 -o Foo=1 -l 'a b' -J -y ho|st ls")).toEqual([
      expect.stringContaining('port "x"'),
      expect.stringContaining("-L"),
      expect.stringContaining("-o Foo"),
      expect.stringContaining('"a b"'),
      expect.stringContaining('"-y"'),
      expect.stringContaining('"ho|st"'),
      expect.stringContaining('"ls"'),
    ]);
  });

  test.each([
    "ssh root:hunter2@host",
    "ssh root:hunt/hunter2@host",
    "ssh ssh://root:hunter2@host",
    "ssh ssh://root:hunter2/x@host",
    "ssh ssh://root:hunter2@x@host:22",
    "ssh -J root:hunter2@a host",
    "ssh -J b,ssh://root:hunter2@a host",
    "ssh -J root:x@hunter2@a host",
    "ssh -l root:hunter2 host",
    "sshpass -phunter2 ssh host",
  ])("a password typed into %s is not repeated", (line) => {
    const problems = problemsOf(line).join("\n");
    expect(problems).toContain("REMOTE_PASSWORD");
    expect(problems).not.toContain("hunter2");
  });
});

test("parseJump reads hops in order, nearest first, and none as no hop", () => {
  const problems: string[] = [];
  expect(parseJump("a@b:22,ssh://c:23,[::1]:24,::1x", problems)).toBeUndefined();
  expect(problems).toHaveLength(1);
  expect(parseJump("a@b:22,ssh://c:23,[::1]:24", [])).toEqual([
    { user: "a", host: "b", port: 22 },
    { host: "c", port: 23 },
    { host: "::1", port: 24 },
  ]);
  expect(parseJump("none", [])).toEqual([]);
});
