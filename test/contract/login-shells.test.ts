import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ShellHost } from "../../src/posix/host.ts";
import { type RemotePath, remotePath } from "../../src/remote/path.ts";
import type { ExecResult } from "../../src/remote/shell.ts";
import { shellQuote } from "../../src/util/shell-quote.ts";
import { runCommand } from "../../src/workspace/command.ts";
import { startDropbear } from "../support/dropbear.ts";
import { type LoginShell, loginShell, loginShells } from "../support/login-shells.ts";
import { nastyStrings } from "../support/nasty-strings.ts";
import { type SshPlace, startSshPlace } from "../support/ssh-place.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { startSshd } from "../support/sshd.ts";

const outcome = ({ stdout, stderr, ended, exitCode }: ExecResult) => ({
  stdout: Buffer.from(stdout).toString("utf8"),
  stderr: Buffer.from(stderr).toString("utf8"),
  ended,
  exitCode,
});

/** A name that a directory may have. */
const asName = (text: string): string => `d${text.replaceAll("/", "-")}`.slice(0, 120);

const timeoutMs = 30_000;

/** Linux starts no program with a variable of 128 KiB. */
const asValue = (text: string): string => text.slice(0, 100_000);

/** All strings at once, in the order of the table; one connection. */
const forEachString = <T>(work: (text: string, index: number) => Promise<T>) => Promise.all(nastyStrings.map(work));

function strings(place: () => { host: ShellHost; root: RemotePath }): void {
  test("as arguments, variables, names of directories and text of the script they arrive as they are", async () => {
    const { host, root } = place();
    const names = nastyStrings.map((text) => shellQuote(`${root}/${asName(text)}`));
    await host.shell.exec(`mkdir -p ${names.join(" ")}`);
    const got = await forEachString(async (text, index) => {
      const cwd = remotePath(asName(text), root);
      const word = shellQuote(text);
      const script = [
        `printf '%s|' ${word} "$V" "\${PWD##*/}"`,
        `printf '%s' ${word} >&2`,
        "cat <<'the end of the document'",
        `${text}\nthe end of the document`,
        `exit ${index}`,
      ].join("\n");
      return outcome(await host.shell.exec(script, { cwd, env: { V: asValue(text) }, timeoutMs }));
    });
    for (const [index, text] of nastyStrings.entries()) {
      const stdout = `${text}|${asValue(text)}|${asName(text)}|${text}\n`;
      expect(got[index]).toEqual({ stdout, stderr: text, ended: "exited", exitCode: index });
    }
  });

  test("the model's command line gets them as they are", async () => {
    const { host, root } = place();
    const got = await forEachString(async (text, index) => {
      const chunks: Uint8Array[] = [];
      const onOutput = (chunk: Uint8Array) => void chunks.push(chunk);
      const command = `printf '%s|%s' ${shellQuote(text)} "$V" >&2; exit ${index}`;
      const options = { cwd: root, env: { V: asValue(text) }, timeoutMs, onOutput };
      const { exitCode } = await runCommand(host.shell, command, options);
      return [Buffer.concat(chunks).toString("utf8"), exitCode];
    });
    expect(got).toEqual(nastyStrings.map((text, index) => [`${text}|${asValue(text)}`, index]));
  });
}

describe.each(loginShells)("with %s as login shell of OpenSSH", (name) => {
  let shell: LoginShell;
  let server: SshServer;
  let place: SshPlace;
  beforeAll(async () => {
    shell = await loginShell(name);
    server = await startSshd({ shell: shell.path });
    place = await startSshPlace(server);
  });
  afterAll(async () => {
    await place?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
    await shell?.[Symbol.asyncDispose]();
  });

  strings(() => place);

  test("it is that shell", async () => {
    const { stdout } = await place.host.shell.exec('grep "^$(id -un):" /etc/passwd | cut -d: -f7; printf %s "$SHELL"');
    expect(Buffer.from(stdout).toString()).toMatch(new RegExp(`/${name}\\n.*/${name}$`));
  });

  test("a script of 300 KB runs, standard input is the caller's, output without a last newline stays so", async () => {
    const { host } = place;
    const script = `${"# it's a comment with \\ and !\n".repeat(10_000)}cat; printf end`;
    const stdin = Buffer.from([...Array(256).keys(), 10, 0, 255]);
    const result = await host.shell.exec(script, { stdin, timeoutMs });
    expect(Buffer.from(result.stdout)).toEqual(Buffer.concat([stdin, Buffer.from("end")]));
    expect(result.exitCode).toBe(0);
  });

  test("a NUL is refused in a sentence, and nothing is sent", async () => {
    const { host } = place;
    await expect(host.shell.exec("echo a\0b")).rejects.toThrow("A command cannot contain a NUL byte.");
    await expect(host.shell.exec("true", { env: { V: "\0" } })).rejects.toThrow("A command cannot contain a NUL byte.");
  });
});

describe.each(["bash", "fish", "ash"] as const)("with %s as login shell of Dropbear", (name) => {
  let shell: LoginShell;
  let server: SshServer;
  let place: SshPlace;
  beforeAll(async () => {
    shell = await loginShell(name);
    server = await startDropbear({ shell: shell.path });
    place = await startSshPlace(server);
  });
  afterAll(async () => {
    await place?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
    await shell?.[Symbol.asyncDispose]();
  });

  strings(() => place);
});
