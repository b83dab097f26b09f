import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readEnvironment } from "../../src/config/environment.ts";
import { compose } from "../../src/plugin/compose.ts";
import { nobody } from "../../src/remote/prompter.ts";
import sudoScript from "../../src/workspace/scripts/sudo.sh";
import { startDropbear } from "../support/dropbear.ts";
import { startClientPlace } from "../support/openssh-place.ts";
import { type SshPlace, startSshPlace } from "../support/ssh-place.ts";
import { run, type SshServer } from "../support/ssh-server.ts";
import { startSshd } from "../support/sshd.ts";
import { type Account, account, password, type Session, wrong } from "../support/sudo-account.ts";

const all = "% ALL=(ALL) ALL";
const refused = /^REMOTE_SUDO_PASSWORD was refused by sudo on 127\.0\.0\.1;? /m;

const ways: [string, () => Promise<SshServer>, (server: SshServer) => Promise<SshPlace>][] = [
  ["ssh2 to OpenSSH", () => startSshd({ password }), startSshPlace],
  ["ssh2 to Dropbear", () => startDropbear({ password }), startSshPlace],
  ["the system's ssh", () => startSshd({ password }), startClientPlace],
];

describe.each(ways)("%s", (_name, startServer, startPlace) => {
  let it: Account;
  beforeAll(async () => {
    it = await account(startServer, startPlace);
  });
  afterAll(() => it?.[Symbol.asyncDispose]());

  test("the right password is given when it is asked for, and only then", async () => {
    await it.sudoers.allow(all);
    const { run } = it.session({ sudoPassword: password });
    expect(await run("sudo id -un; echo x | sudo tee f; sudo cat; exit 3")).toEqual(["root\nx\n", 3]);
    await it.sudoers.allow("% ALL=(ALL) NOPASSWD: ALL");
    expect(await run("sudo cat; sudo id -un; timeout 1 cat <&7")).toEqual(["root\n", 124]);
  });

  test("a wrong one is tried once", async () => {
    await it.sudoers.allow(all);
    const { run } = it.session({ sudoPassword: wrong });
    const [text, exitCode] = await run("sudo id -un");
    expect(text).toMatch(refused);
    expect(text).toMatch(/1 incorrect password attempt/);
    expect(exitCode).toBe(1);
  });
});

describe("sudo on a command line", () => {
  let it: Account;
  let bash: Session["run"];
  beforeAll(async () => {
    it = await account(() => startSshd({ password, shell: "/bin/bash" }));
    bash = it.session({ sudoPassword: password }).run;
  });
  beforeEach(() => it.sudoers.allow(all));
  afterAll(() => it?.[Symbol.asyncDispose]());

  test.each<[string, string, string, number]>([
    ["in a pipe, at both ends", "printf 'b\\na\\n' | sudo sort | sudo cat -n", "     1\ta\n     2\tb\n", 0],
    ["reads a here-document", "sudo cat <<E\none\ntwo\nE", "one\ntwo\n", 0],
    ["reads a file", "echo in >g; sudo cat <g", "in\n", 0],
    [
      "leaves the rest of a loop's input",
      "printf '1\\n2\\n3\\n' >l; while read n; do sudo echo $n; done <l",
      "1\n2\n3\n",
      0,
    ],
    ["is chained", "sudo true && sudo false || sudo echo c", "c\n", 0],
    [
      "is in a function, a subshell and a substitution",
      'f() { sudo id -un; }; f; (sudo id -u); echo "$(sudo id -un)"',
      "root\n0\nroot\n",
      0,
    ],
    ["runs at the same time as others", "for i in 1 2 3 4; do sudo id -un & done; wait", "root\n".repeat(4), 0],
    [
      "runs as somebody else",
      "sudo -u nobody id -un; sudo --user=nobody id -un; sudo -unobody id -un",
      "nobody\n".repeat(3),
      0,
    ],
    ["gets a variable", "sudo X=1 sh -c 'echo $X'", "1\n", 0],
    [
      "is behind other programs",
      "env X=1 sudo id -un; command sudo id -un; timeout -s TERM 9 sudo id -u; echo 0 | xargs -n 1 sudo echo",
      "root\nroot\n0\n0\n",
      0,
    ],
    ["has a path", "/usr/bin/sudo id -un", "root\n", 0],
    ["replaces the shell", "exec sudo id -un; echo no", "root\n", 0],
    ["starts a shell", "sudo -i id -un; sudo -s -- id -u; echo id -un | sudo sh", "root\n0\nroot\n", 0],
    ["validates", "sudo -v && echo fine", "fine\n", 0],
    ["gets -S of its own, with nothing on its input", "sudo -S id -un", "root\n", 0],
    ["keeps its exit status", "sudo sh -c 'exit 254'", "", 254],
    ["without any input", "sudo id -un <&-", "root\n", 0],
    ["keeps both streams in order", "sudo sh -c 'echo a; echo b >&2; echo c'", "a\nb\nc\n", 0],
    ["under set -e", "set -e; sudo true; sudo false; echo no", "", 1],
    ["under set -x shows the call alone", "set -x; sudo id -un", "+ sudo id -un\nroot\n", 0],
    [
      "behind another program under set -x",
      "set -x; env A=1 sudo id -un",
      `+ env A=1 /bin/sh -c 'eval "\${RCODE_SUDO?}"' sudo id -un\nroot\n`,
      0,
    ],
    ["keeps the numbers of lines", "true\nnosuch\nsudo true", "bash: line 2: nosuch: command not found\n", 0],
    [
      "changes no variable that the command is given",
      "export w=1 h=2 user=3; sudo --preserve-env=w,h,user sh -c 'echo $w$h$user'",
      "123\n",
      0,
    ],
    ["leaves nothing in the environment", "sudo true; env | grep -ci rcode", "0\n", 1],
  ])("%s", async (_name, command, text, exitCode) => {
    expect(await bash(command)).toEqual([text, exitCode]);
  });

  test("strings, names and other commands that hold the word are left alone", async () => {
    const command =
      "echo sudo 'sudo x'; echo y >sudo; cat sudo; ls sudo; command -v sudo; type -t sudo; grep sudo sudo";
    expect(await bash(command)).toEqual(["sudo sudo x\ny\nsudo\n/usr/bin/sudo\nfile\n", 1]);
  });

  test("no validation is left behind", async () => {
    expect(await bash("sudo true; /bin/sh -c 'sudo -n true'; sudo -n true")).toEqual([
      "sudo: a password is required\nsudo: a password is required\n",
      1,
    ]);
  });

  test("one that cannot be seen fails at once", async () => {
    const [text, exitCode] = await bash("bash -c 'sudo id -un'");
    expect(text).toMatch(/a password is required/);
    expect(exitCode).toBe(1);
  });

  test("one to which the command line hands a password gets no other", async () => {
    const [text] = await bash("echo nonsense | sudo -S -k id -un");
    expect(text).toMatch(/incorrect password attempt/);
    expect(text).not.toMatch(refused);
  });

  test("a command line that is too long for an argument", async () => {
    const long = "0123456789".repeat(13_000);
    expect(await bash(`sudo wc -c <<'E'\n${long}\nE\ncat`)).toEqual([`${long.length + 1}\n`, 0]);
  });

  test.each(["dash", "zsh"])("in %s", async (shell) => {
    const session = it.session({ sudoPassword: password, shell });
    expect(await session.run("echo x | sudo cat; sudo id -un")).toEqual(["x\nroot\n", 0]);
  });
});

test.each(["dash", "bash", "bash --posix", "busybox sh", "zsh --emulate sh"])(
  "the script runs in %s",
  async (shell) => {
    await using it = await account(() => startSshd({ password }));
    await it.sudoers.allow(all);
    const env = { S: `rc_nonce=n rc_needs= rc_shared= rc_each_time=\n${sudoScript}` };
    const script = `exec 7<&0 8>/dev/null </dev/null; echo x | ${shell} -c "$S" sudo -u nobody sh -c 'id -un; cat; exit 9'`;
    const { stdout, stderr, exitCode } = await it.place.host.shell.exec(script, {
      env,
      stdin: Buffer.from(`${password}\n`),
    });
    expect([Buffer.from(stdout).toString(), Buffer.from(stderr).toString(), exitCode]).toEqual(["nobody\nx\n", "", 9]);
  },
);

/** What every process of this machine was started with, and what the account's files hold. */
async function traces({ server }: Account): Promise<string> {
  const script = [
    "ps -A -o args",
    "cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'",
    `find ${server.home} /run/sudo/ts ${server.dir}/place-* -type f -exec cat {} +`,
    `find /tmp /var/tmp -user ${server.user} -type f -exec cat {} + 2>/dev/null`,
    "true",
  ];
  return (await run("sh", ["-c", script.join("\n")], { encoding: "latin1", maxBuffer: 2 ** 28 })).stdout;
}

test("the password is in no argument, environment, file or output, right or wrong; nor is what sudo is asked with", async () => {
  await using it = await account(() => startSshd({ password }));
  await it.sudoers.allow(all);
  for (const sudoPassword of [password, wrong]) {
    const session = it.session({ sudoPassword });
    const looks: string[] = [];
    const isOver = session.run("sudo sleep 1; sudo sh -c 'ps -A -o args; cat /proc/[0-9]*/environ'; env; set; exit 7");
    const ended = isOver.then(() => true);
    do looks.push(await traces(it));
    while (!(await Promise.race([ended, new Promise((resolve) => setImmediate(resolve, false))])));
    const [text] = await isOver;
    expect(looks.some((look) => /^(?:sudo -S -p \w+ ask \d+\. -v|sleep 1)$/m.test(look))).toBe(true);
    for (const look of [...looks, await traces(it), text.replace(/_rcode_sudo=.*/s, "")]) {
      expect(look.includes(sudoPassword)).toBe(false);
    }
    expect(text).not.toMatch(/^[0-9a-f]{32} /m);
  }
});

test("REMOTE_SUDO_PASSWORD gets there", async () => {
  await using it = await account(() => startSshd({ password }));
  await it.sudoers.allow(all);
  const home = await mkdtemp(join(tmpdir(), "rc-home-"));
  const settings = { HOME: home, REMOTE_MIRROR: join(home, "mirror"), REMOTE_SUDO_PASSWORD: password };
  const environment = readEnvironment({ ...it.server.env(), ...settings });
  if (environment.kind !== "ready") throw new Error(`The settings are ${environment.kind}.`);
  try {
    await using remote = compose(environment.settings, nobody);
    const chunks: Uint8Array[] = [];
    await remote.workspace.command("sudo id -un", { timeoutMs: 20_000, onOutput: (chunk) => void chunks.push(chunk) });
    expect(Buffer.concat(chunks).toString()).toBe("root\n");
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});

describe("a stop", () => {
  let it: Account;
  beforeAll(async () => {
    it = await account(() => startSshd({ password }));
  });
  afterAll(() => it?.[Symbol.asyncDispose]());
  const left = async (argument: string) =>
    (await run("ps", ["-A", "-o", "args="])).stdout.split("\n").filter((args) => args === `sleep ${argument}`);

  test("ends a sudo that runs, and takes the validation back", async () => {
    await it.sudoers.allow("Defaults:% timestamp_type=global", all);
    const session = it.session({ sudoPassword: password });
    const argument = `${600 + Math.random()}`;
    const result = await session.stopped(`sudo sleep ${argument}`);
    expect(result).toBe("timed-out");
    await expect.poll(() => left(argument), { timeout: 10_000 }).toEqual([]);
    expect(await session.run("sudo -n true")).toEqual(["sudo: a password is required\n", 1]);
  });
});
