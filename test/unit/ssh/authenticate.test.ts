import { chmod, copyFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import ssh2 from "ssh2";
import { describe, expect, test } from "vitest";
import { RemoteError } from "../../../src/remote/error.ts";
import { connect } from "../../../src/ssh/connect.ts";
import type { SshTarget } from "../../../src/ssh/target.ts";
import { startAgent } from "../../support/ssh-agent.ts";
import { run, type SshServer } from "../../support/ssh-server.ts";
import { nowhere, targetOf } from "../../support/ssh-target.ts";
import { keygen, startSshd } from "../../support/sshd.ts";

async function refusal(target: SshTarget): Promise<RemoteError> {
  const error = await connect(target).then(
    async (connection) => {
      await connection[Symbol.asyncDispose]();
      return new Error("it connected");
    },
    (reason: unknown) => reason,
  );
  if (!(error instanceof RemoteError)) throw error;
  return error;
}

/** How many logins the server refused so far, by its own log. */
const failures = (server: SshServer) => server.stderr().match(/^Failed \S+ for/gm)?.length ?? 0;

describe("authentication by key", () => {
  test("skips the none probe and other keys when the first key is right", async () => {
    await using sshd = await startSshd({ config: ["LogLevel DEBUG1"] });
    await using _connection = await connect(targetOf(sshd));
    expect(sshd.stderr()).not.toContain("method none");
    expect(sshd.stderr()).toContain("method publickey");
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
    const error = await refusal(targetOf(sshd, { identityFiles: [wrong] }));
    expect(error.code).toBe("auth_failed");
    expect(error.message).toContain(`127.0.0.1 port ${sshd.port} refused the login as ${sshd.user} (tried ${wrong};`);
    expect(error.message).toContain("the server accepts publickey");
  });

  test("skips an encrypted key and says how to use it", async () => {
    await using sshd = await startSshd();
    const locked = `${sshd.dir}/locked`;
    await keygen(locked, "ed25519", "a passphrase");
    const error = await refusal(targetOf(sshd, { identityFiles: [locked] }));
    expect(error.message).toContain(`ssh-add ${locked}`);
    await using _connection = await connect(targetOf(sshd, { identityFiles: [locked, sshd.clientKey] }));
  });

  test.runIf(process.platform !== "win32")("refuses a private key that others can read", async () => {
    await using sshd = await startSshd();
    await chmod(sshd.clientKey, 0o640);
    const error = await refusal(targetOf(sshd));
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
    await refusal(targetOf(sshd, { identityFiles: keys }));
    expect(failures(sshd)).toBe(6);
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
    await refusal(targetOf(sshd, { ...only, identityFiles: [] }));
    expect(failures(sshd)).toBe(0);
    {
      // The private half is gone from the disk: only the agent has it.
      await rm(sshd.clientKey);
      await using _connection = await connect(targetOf(sshd, { ...only, identityFiles: [`${sshd.clientKey}.pub`] }));
    }
    expect(failures(sshd)).toBe(0);
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
    const error = await refusal(targetOf(sshd, { agent: `${sshd.dir}/no-agent`, identityFiles: [] }));
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
    const before = failures(sshd);
    const error = await refusal(targetOf(sshd, { ...bare, password: "wrong battery" }));
    expect(error.code).toBe("auth_failed");
    expect(error.message).toContain("tried the password;");
    expect(error.message).not.toContain("wrong battery");
    expect(failures(sshd) - before).toBe(1);
  });

  test("a key and then the password, where the server wants both", async () => {
    await using sshd = await startSshd({
      password: "correct horse",
      config: ["AuthenticationMethods publickey,password"],
    });
    {
      await using _connection = await connect(targetOf(sshd, { password: "correct horse" }));
    }
    await using agent = await startAgent();
    await agent.add(sshd.clientKey);
    const target = targetOf(sshd, { password: "correct horse", agent: agent.socket });
    await using _connection = await connect(target);
  });
});

/** A server that asks `questions` one after the other and records the answers. */
async function startQuestioner(questions: ssh2.Prompt[][]) {
  // One in some hundred of ssh2's own Ed25519 keys cannot be read back.
  const { private: hostKey } = ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256 });
  const answers: string[][] = [];
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client.on("error", () => {});
    client.on("authentication", (context) => {
      if (context.method !== "keyboard-interactive") return context.reject(["keyboard-interactive"]);
      const ask = (index: number) => {
        const prompts = questions[index];
        if (!prompts) return context.accept();
        context.prompt(prompts, (given) => {
          answers.push(given);
          if (given.some((answer) => answer !== "")) ask(index + 1);
          else context.reject(["keyboard-interactive"]);
        });
      };
      ask(0);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const target: SshTarget = {
    ...nowhere,
    host: "questioner",
    port: typeof address === "object" && address ? address.port : 0,
    user: "somebody",
    password: "secret",
    strictHostKeyChecking: "no",
  };
  return {
    target,
    answers,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

describe("keyboard-interactive", () => {
  test("answers the hidden question for a password", async () => {
    await using server = await startQuestioner([[{ prompt: "Password: ", echo: false }]]);
    {
      await using _connection = await connect(server.target);
    }
    expect(server.answers).toEqual([["secret"]]);
  });

  test.each([
    ["a one-time code", { prompt: "Verification code: ", echo: false }],
    ["a one-time password", { prompt: "One-time password (OATH) for `somebody': ", echo: false }],
    ["a visible question", { prompt: "Password: ", echo: true }],
  ])("does not answer %s with the password, and says what was asked", async (_what, question) => {
    await using server = await startQuestioner([[question]]);
    const error = await refusal(server.target);
    expect(server.answers).toEqual([[""]]);
    expect(error.message).toContain(question.prompt.trim());
  });

  test("gives the password once, also when it is asked for again", async () => {
    const question = { prompt: "Password: ", echo: false };
    await using server = await startQuestioner([[question], [question]]);
    await refusal(server.target);
    expect(server.answers).toEqual([["secret"], [""]]);
  });
});

describe("a login that takes too long", () => {
  test("an agent that never answers is what the timeout names", async () => {
    await using sshd = await startSshd();
    const socket = `${sshd.dir}/mute`;
    const mute = createServer((peer) => peer.on("error", () => {}).resume());
    await new Promise<void>((resolve) => mute.listen(socket, resolve));
    const error = await refusal(targetOf(sshd, { agent: socket, connectTimeoutMs: 200 }));
    mute.close();
    expect(error.code).toBe("connect_timeout");
    expect(error.message).toContain("the ssh-agent");
  });
});
