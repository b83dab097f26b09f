import { chmod, copyFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { connect } from "../../../src/ssh/connect.ts";
import { countFailures, refusedLogin } from "../../support/refused-login.ts";
import { startAgent } from "../../support/ssh-agent.ts";
import { run } from "../../support/ssh-server.ts";
import { targetOf } from "../../support/ssh-target.ts";
import { keygen, startSshd } from "../../support/sshd.ts";

describe("authentication by key", () => {
  test("skips the none probe and other keys when the first key is right", async () => {
    await using sshd = await startSshd({ config: ["LogLevel DEBUG1"] });
    await using _connection = await connect(targetOf(sshd));
    await expect.poll(() => sshd.stderr()).toContain("Accepted publickey");
    expect(sshd.stderr()).not.toContain("method none");
  });

  test("goes on to the next key file after a refused one", async () => {
    await using sshd = await startSshd();
    const wrong = `${sshd.dir}/wrong`;
    await keygen(wrong, "ecdsa");
    await using connection = await connect(targetOf(sshd, { identityFiles: [wrong, sshd.clientKey] }));
    expect(connection.serverIdent).toMatch(/^OpenSSH/);
  });

  test("says what was tried and what the server accepts when every key is refused", async () => {
    await using sshd = await startSshd();
    const wrong = `${sshd.dir}/wrong`;
    await keygen(wrong, "rsa");
    const error = await refusedLogin(targetOf(sshd, { identityFiles: [wrong] }));
    expect(error.code).toBe("auth_failed");
    expect(error.message).toContain(`127.0.0.1 port ${sshd.port} refused the login as ${sshd.user} (tried ${wrong};`);
    expect(error.message).toContain("the server accepts publickey");
  });

  test.runIf(process.platform !== "win32")("refuses a private key that others can read", async () => {
    await using sshd = await startSshd();
    await chmod(sshd.clientKey, 0o640);
    const error = await refusedLogin(targetOf(sshd));
    expect(error.message).toContain(`chmod 600`);
    expect(error.message).toContain("no usable key");
    await chmod(sshd.clientKey, 0o600);
    await using _connection = await connect(targetOf(sshd));
  });

  test("offers at most six credentials", async () => {
    await using sshd = await startSshd({ config: ["MaxAuthTries 20"] });
    const keys = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        const path = `${sshd.dir}/wrong${index}`;
        await keygen(path);
        return path;
      }),
    );
    await refusedLogin(targetOf(sshd, { identityFiles: keys }));
    await expect.poll(() => countFailures(sshd)).toBe(6);
  });
});

describe("authentication by agent", () => {
  test("uses the key of an agent, without a key file", async () => {
    await using sshd = await startSshd();
    await using agent = await startAgent();
    await agent.add(sshd.clientKey);
    await using _connection = await connect(
      targetOf(sshd, { agent: agent.socket, identityFiles: [], identitiesOnly: false }),
    );
  });

  test("with an RSA key signs with SHA-2", async () => {
    await using sshd = await startSshd();
    await using agent = await startAgent();
    const rsa = `${sshd.dir}/rsa`;
    await keygen(rsa, "rsa");
    await run("cp", [`${rsa}.pub`, `${sshd.dir}/authorized_keys`]);
    await agent.add(rsa);
    const target = targetOf(sshd, { agent: agent.socket, identityFiles: [], identitiesOnly: false });
    await using _connection = await connect(target);
  });

  test("with IdentitiesOnly offers only the keys that the files name", async () => {
    await using sshd = await startSshd();
    await using agent = await startAgent();
    for (const name of ["one", "two", "three"]) {
      await keygen(`${sshd.dir}/${name}`);
      await agent.add(`${sshd.dir}/${name}`);
    }
    await agent.add(sshd.clientKey);
    const only = { agent: agent.socket, identitiesOnly: true };
    await refusedLogin(targetOf(sshd, { ...only, identityFiles: [] }));
    expect(countFailures(sshd)).toBe(0);
    {
      // The private half is gone from the disk: only the agent has it.
      await rm(sshd.clientKey);
      await using _connection = await connect(targetOf(sshd, { ...only, identityFiles: [`${sshd.clientKey}.pub`] }));
    }
    expect(countFailures(sshd)).toBe(0);
  });

  test("an encrypted key file names the key that the agent holds", async () => {
    await using sshd = await startSshd();
    await using agent = await startAgent();
    await agent.add(sshd.clientKey);
    const locked = `${sshd.dir}/locked`;
    await copyFile(sshd.clientKey, locked);
    await chmod(locked, 0o600);
    await run("ssh-keygen", ["-q", "-p", "-N", "a passphrase", "-f", locked]);
    await using _connection = await connect(
      targetOf(sshd, { agent: agent.socket, identitiesOnly: true, identityFiles: [locked] }),
    );
  });

  test("a named key is not pushed out by the agent's many others", async () => {
    await using sshd = await startSshd();
    await using agent = await startAgent();
    for (let index = 0; index < 7; index++) {
      await keygen(`${sshd.dir}/other${index}`);
      await agent.add(`${sshd.dir}/other${index}`);
    }
    await using _connection = await connect(targetOf(sshd, { agent: agent.socket, identitiesOnly: false }));
  });

  test("an agent that does not answer is named in the error", async () => {
    await using sshd = await startSshd();
    const error = await refusedLogin(targetOf(sshd, { agent: `${sshd.dir}/no-agent`, identityFiles: [] }));
    expect(error.message).toContain(`${sshd.dir}/no-agent does not answer`);
  });
});

describe("authentication by password", () => {
  test("the right one logs in, the wrong one fails once per method and is not in the error", async () => {
    await using sshd = await startSshd({ password: "correct horse" });
    const bare = { identityFiles: [], password: "correct horse" };
    {
      await using _connection = await connect(targetOf(sshd, bare));
    }
    const before = countFailures(sshd);
    const error = await refusedLogin(targetOf(sshd, { ...bare, password: "wrong battery" }));
    expect(error.code).toBe("auth_failed");
    expect(error.message).toContain("tried the password;");
    expect(error.message).not.toContain("wrong battery");
    await expect.poll(() => countFailures(sshd) - before).toBe(1);
  });
});

describe("a login that takes too long", () => {
  test("an agent that never answers is what the timeout names", async () => {
    await using sshd = await startSshd();
    const socket = `${sshd.dir}/mute`;
    const mute = createServer((peer) => peer.on("error", () => {}).resume());
    await new Promise<void>((resolve) => mute.listen(socket, resolve));
    const error = await refusedLogin(targetOf(sshd, { agent: socket, connectTimeoutMs: 200 }));
    mute.close();
    expect(error.code).toBe("connect_timeout");
    expect(error.message).toContain("the ssh-agent");
  });
});
