import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAccount } from "../support/ssh-server.ts";
import { startSshd } from "../support/sshd.ts";
import { type Account, account, password, wrong } from "../support/sudo-account.ts";

const all = "% ALL=(ALL) ALL";
const needs =
  /^sudo on 127\.0\.0\.1 needs a password and there is none; set REMOTE_SUDO_PASSWORD, or allow the account NOPASSWD in sudoers\.\n$/m;
const refused = /^REMOTE_SUDO_PASSWORD was refused by sudo on 127\.0\.0\.1;? /m;

describe("what an administrator may have set", () => {
  let it: Account;
  beforeAll(async () => {
    it = await account(() => startSshd({ password }));
  });
  afterAll(() => it?.[Symbol.asyncDispose]());
  const given = () => it.session({ sudoPassword: password }).run;

  test("no rights at all", async () => {
    await it.sudoers.allow("# nothing");
    const [text, exitCode] = await given()("sudo id -un");
    expect(text).toMatch(/^Sorry, user \S+ may not run sudo on /);
    expect(text).not.toMatch(refused);
    expect(exitCode).toBe(1);
  });

  test("rights for another account alone", async () => {
    await it.sudoers.allow("% ALL=(nobody) ALL");
    expect(await given()("sudo -u nobody id -un")).toEqual(["nobody\n", 0]);
    const [text, exitCode] = await given()("sudo id -un");
    expect([text, exitCode]).toEqual([expect.stringMatching(/is not allowed to execute/), 1]);
  });

  test.each([
    ["use_pty", "Defaults:% use_pty"],
    ["no use_pty", "Defaults:% !use_pty"],
    ["timestamps for the account", "Defaults:% timestamp_type=global"],
    ["timestamps for the parent process", "Defaults:% timestamp_type=ppid"],
    ["no timestamps", "Defaults:% timestamp_timeout=0"],
  ])("%s", async (_name, defaults) => {
    await it.sudoers.allow(defaults, all);
    const command = "sudo id -un; echo x | sudo cat; sudo -u nobody cat <<E\ny\nE\nsudo -n true";
    expect(await given()(command)).toEqual(["root\nx\ny\nsudo: a password is required\n", 1]);
  });

  test("a lecture, which is shown", async () => {
    await it.sudoers.allow("Defaults:% lecture=always", all);
    const [text, exitCode] = await given()("echo x | sudo cat");
    expect([text, exitCode]).toEqual([expect.stringMatching(/usual lecture(?:.*\n)+x\n$/), 0]);
  });

  test("the password of the account that runs it", async () => {
    const home = await mkdtemp(join(tmpdir(), "rc-other-"));
    const other = await createAccount({ home, password: wrong });
    try {
      await it.sudoers.allow("Defaults:% targetpw", all);
      const { run } = it.session({ sudoPassword: wrong });
      const command = `sudo -u ${other.name} id -un; echo x | sudo -u ${other.name} cat`;
      expect(await run(command)).toEqual([`${other.name}\nx\n`, 0]);
    } finally {
      await other.remove();
      await rm(home, { recursive: true, force: true });
    }
  });

  test("without timestamps a loop's input is not taken from it", async () => {
    await it.sudoers.allow("Defaults:% timestamp_timeout=0", all);
    const [text] = await given()("printf '1\\n2\\n' >l; while read n; do sudo echo $n; done <l");
    expect(text).toMatch(/^(sudo on 127\.0\.0\.1 asks for the password each time .*\n){2}$/);
    expect(await given()("for n in 1 2; do sudo echo $n; done")).toEqual(["1\n2\n", 0]);
    expect(await given()("sudo head -c 300000 /dev/zero | sudo wc -c")).toEqual(["300000\n", 0]);
  });

  test("requiretty", async () => {
    await it.sudoers.allow("Defaults:% requiretty", all);
    const [text, exitCode] = await given()("sudo id -un");
    expect([text, exitCode]).toEqual([expect.stringMatching(/^sudo: .*must have a tty/), 1]);
  });

  test("one attempt, and a password that is wrong", async () => {
    await it.sudoers.allow("Defaults:% passwd_tries=1", all);
    const { run } = it.session({ sudoPassword: wrong });
    expect((await run("sudo id -un"))[0]).toMatch(refused);
  });

  test("a refused password is offered once in a session", async () => {
    await it.sudoers.allow(all);
    const { run } = it.session({ sudoPassword: wrong });
    const [first] = await run("sudo id -un; sudo id -un");
    expect(first.match(/1 incorrect password attempt/g)?.length).toBe(1);
    const other = it.session({ sudoPassword: wrong });
    const both = (await Promise.all([other.run("sudo id -un"), other.run("sudo id -un")]))
      .map(([text]) => text)
      .join("");
    expect(both.match(/1 incorrect password attempt/g)?.length).toBe(1);
    const [second, exitCode] = await run("sudo id -un");
    expect(second).not.toMatch(/incorrect password attempt/);
    expect(second).toMatch(refused);
    expect(exitCode).toBe(1);
  });

  test("rights without a password for some commands stay when the password is refused", async () => {
    await it.sudoers.allow(all, "% ALL=(ALL) NOPASSWD: /usr/bin/id");
    const { run } = it.session({ sudoPassword: wrong });
    expect((await run("sudo id -un"))[0]).toMatch(/^root$/m);
  });
});

describe("without REMOTE_SUDO_PASSWORD", () => {
  let it: Account;
  beforeAll(async () => {
    it = await account(() => startSshd({ password }));
  });
  afterAll(() => it?.[Symbol.asyncDispose]());

  test("a sudo that needs one fails at once and says what to set", async () => {
    await it.sudoers.allow(all);
    const [text, exitCode] = await it.session().run("sudo id -un");
    expect(text).toMatch(/^sudo: a password is required$/m);
    expect(text).toMatch(needs);
    expect(exitCode).toBe(1);
  });

  test("NOPASSWD works, and a failure of the command is its own", async () => {
    await it.sudoers.allow("% ALL=(ALL) NOPASSWD: ALL");
    expect(await it.session().run("echo x | sudo cat; sudo false")).toEqual(["x\n", 1]);
  });
});
