import { copyFile, rm } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { connect } from "../../../src/ssh/connect.ts";
import { person, startLoginServer } from "../../support/login-server.ts";
import { countFailures, refusedLogin } from "../../support/refused-login.ts";
import { run } from "../../support/ssh-server.ts";
import { targetOf } from "../../support/ssh-target.ts";
import { keygen, type Sshd, startSshd } from "../../support/sshd.ts";

/** A server that lets in who can open `key`; it has no further protection than few rounds, for the sake of speed. */
async function startWithLockedKey(pem = false): Promise<{ sshd: Sshd; key: string }> {
  const sshd = await startSshd();
  const key = `${sshd.dir}/locked`;
  const type = pem ? ["-t", "rsa", "-b", "2048", "-m", "PEM"] : ["-t", "ed25519", "-a", "1"];
  await run("ssh-keygen", ["-q", ...type, "-N", "open sesame", "-f", key]);
  await copyFile(`${key}.pub`, `${sshd.dir}/authorized_keys`);
  return { sshd, key };
}

describe("a key with a passphrase", () => {
  test("is opened with REMOTE_PASSPHRASE, without a question", async () => {
    const { sshd, key } = await startWithLockedKey();
    await using _sshd = sshd;
    const prompter = person();
    const target = targetOf(sshd, { identityFiles: [key], passphrase: "open sesame" });
    await using _connection = await connect(target, { prompter });
    expect(prompter.questions).toEqual([]);
  });

  test("is asked for until it is right", async () => {
    const { sshd, key } = await startWithLockedKey();
    await using _sshd = sshd;
    const prompter = person("wrong", "open sesame");
    await using _connection = await connect(targetOf(sshd, { identityFiles: [key] }), { prompter });
    const machine = `127.0.0.1 port ${sshd.port}`;
    expect(prompter.questions).toEqual([
      { kind: "passphrase", machine, file: key, text: `Passphrase for the key ${key}` },
      { kind: "passphrase", machine, file: key, text: `That passphrase was wrong. Passphrase for the key ${key}` },
    ]);
    await expect.poll(() => sshd.stderr()).toMatch(/^Accepted/m);
    expect(countFailures(sshd)).toBe(0);
  });

  test("is asked for when REMOTE_PASSPHRASE is wrong, which the error says when nobody answers", async () => {
    const { sshd, key } = await startWithLockedKey();
    await using _sshd = sshd;
    const target = targetOf(sshd, { identityFiles: [key], passphrase: "wrong" });
    const error = await refusedLogin(target, { prompter: person() });
    expect(error.message).toContain(`; REMOTE_PASSPHRASE does not open ${key}; ${key} is protected by a passphrase`);
    expect(error.message).toContain(`ssh-add ${key}`);
    await using _connection = await connect(target, { prompter: person("open sesame") });
  });

  test("is asked for as often as NumberOfPasswordPrompts says, and an empty answer skips the key", async () => {
    const { sshd, key } = await startWithLockedKey();
    await using _sshd = sshd;
    const target = targetOf(sshd, { identityFiles: [key, sshd.clientKey], passwordPrompts: 2 });
    const wrong = person("a", "b", "c");
    const error = await refusedLogin(target, { prompter: wrong });
    expect(error.message).toContain(`no passphrase that was given opens ${key}`);
    expect(wrong.questions).toHaveLength(2);
    const empty = person("", "b");
    await refusedLogin(target, { prompter: empty });
    expect(empty.questions).toHaveLength(1);
  });

  test("is not asked for when the server does not take the key, nor when another key came first", async () => {
    await using sshd = await startSshd();
    const key = `${sshd.dir}/locked`;
    await keygen(key, "ed25519", "open sesame");
    // The format tells the public half, also without the file beside it.
    await rm(`${key}.pub`);
    const prompter = person();
    await using _first = await connect(targetOf(sshd, { identityFiles: [key, sshd.clientKey] }), { prompter });
    await expect.poll(() => countFailures(sshd)).toBe(1);
    await using _second = await connect(targetOf(sshd, { identityFiles: [sshd.clientKey, key] }), { prompter });
    expect(prompter.questions).toEqual([]);
  });

  test("in PEM's format is asked for before the server is, where nothing tells the public half", async () => {
    const { sshd, key } = await startWithLockedKey(true);
    await using _sshd = sshd;
    {
      const prompter = person("wrong", "open sesame");
      await using _connection = await connect(targetOf(sshd, { identityFiles: [key] }), { prompter });
      expect(prompter.questions).toHaveLength(2);
    }
    await rm(`${key}.pub`);
    await using _connection = await connect(targetOf(sshd, { identityFiles: [key] }), {
      prompter: person("open sesame"),
    });
    await expect.poll(() => sshd.stderr()).toMatch(/^Accepted/m);
    expect(countFailures(sshd)).toBe(0);
  });

  test("whose public half beside it belongs to another key says so instead of signing", async () => {
    const { sshd, key } = await startWithLockedKey(true);
    await using _sshd = sshd;
    await copyFile(`${sshd.clientKey}.pub`, `${key}.pub`);
    await copyFile(`${sshd.clientKey}.pub`, `${sshd.dir}/authorized_keys`);
    const error = await refusedLogin(targetOf(sshd, { identityFiles: [key], passphrase: "open sesame" }));
    expect(error.message).toContain(`${key}.pub belongs to another key than ${key}; remove it`);
  });

  test("an abort while a person thinks ends the login at once", async () => {
    await using server = await startLoginServer((context) => context.accept());
    await using sshd = await startSshd();
    const key = `${sshd.dir}/locked`;
    await keygen(key, "ed25519", "open sesame");
    const stop = new AbortController();
    const reason = new Error("stopped");
    const prompter = {
      ask: () => {
        stop.abort(reason);
        return new Promise<undefined>(() => {});
      },
    };
    const target = { ...server.target, authentications: ["publickey" as const], identityFiles: [key] };
    await expect(connect(target, { prompter, signal: stop.signal })).rejects.toBe(reason);
  });
});
