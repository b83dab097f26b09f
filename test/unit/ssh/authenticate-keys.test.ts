import { existsSync } from "node:fs";
import { copyFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { connect } from "../../../src/ssh/connect.ts";
import { person, startLoginServer } from "../../support/login-server.ts";
import { countFailures, refusedLogin } from "../../support/refused-login.ts";
import { startAgent } from "../../support/ssh-agent.ts";
import { run, type SshServer } from "../../support/ssh-server.ts";
import { targetOf } from "../../support/ssh-target.ts";
import { keygen, startSshd } from "../../support/sshd.ts";

/** Fingerprints of the keys that were offered, in order, by the server's log. */
const offered = (server: SshServer) =>
  [...server.stderr().matchAll(/^(?:Failed|Accepted|Postponed) publickey .*(SHA256:\S+)/gm)].map(([, print]) => print);

const fingerprintOf = async (path: string) => (await run("ssh-keygen", ["-lf", path])).stdout.split(" ")[1];

async function makeKeys(dir: string, ...names: string[]): Promise<string[]> {
  return Promise.all(
    names.map(async (name) => {
      await keygen(`${dir}/${name}`);
      return `${dir}/${name}`;
    }),
  );
}

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `key${index}`);

describe("the order of keys", () => {
  test("is OpenSSH's: named ones of the agent, its others, then files", async () => {
    await using sshd = await startSshd();
    await using agent = await startAgent();
    const [other, named, file] = await makeKeys(sshd.dir, "other", "named", "file");
    if (!other || !named || !file) throw new Error("no keys");
    await agent.add(other);
    await agent.add(named);
    const target = { agent: agent.socket, identitiesOnly: false, identityFiles: [file, named] };
    await refusedLogin(targetOf(sshd, target));
    const inOrder = await Promise.all([named, other, file].map(fingerprintOf));
    await expect.poll(() => offered(sshd)).toEqual(inOrder);
    const words = ["-F", "none", "-p", String(sshd.port), "-o", `UserKnownHostsFile=${sshd.knownHosts}`, "-o"];
    const identities = ["-i", file, "-i", named, "-o", `IdentityAgent=${agent.socket}`, `${sshd.user}@127.0.0.1`];
    await run("ssh", [...words, "BatchMode=yes", ...identities, "true"]).catch(() => undefined);
    await expect.poll(() => offered(sshd)).toEqual([...inOrder, ...inOrder]);
  });

  test("an agent with twenty keys does not keep a named one from logging in", async () => {
    await using sshd = await startSshd();
    await using agent = await startAgent();
    for (const key of await makeKeys(sshd.dir, ...numbered(20))) await agent.add(key);
    const target = targetOf(sshd, { agent: agent.socket });
    {
      await using _connection = await connect({ ...target, identitiesOnly: true });
    }
    await expect.poll(() => sshd.stderr()).toMatch(/^Accepted/m);
    expect(countFailures(sshd)).toBe(0);
    {
      await using _connection = await connect({ ...target, identitiesOnly: false });
    }
    await expect.poll(() => countFailures(sshd)).toBe(5);
    await agent.add(sshd.clientKey);
    await rm(sshd.clientKey);
    await using _connection = await connect({
      ...target,
      identitiesOnly: false,
      identityFiles: [`${sshd.clientKey}.pub`],
    });
    await expect.poll(() => countFailures(sshd)).toBe(5);
  });

  test("a server that asks for the same signature again and again gets it once", async () => {
    await using agent = await startAgent();
    await using server = await startLoginServer((context) => {
      if (context.method !== "publickey") return context.reject(["publickey"]);
      const protocol: object = Reflect.get(context, "_protocol");
      const isEnough = server.requests.filter((request) => request === "publickey ssh-ed25519").length > 5;
      if (isEnough) return context.reject(["publickey"]);
      Reflect.apply(Reflect.get(protocol, "authPKOK"), protocol, [context.key.algo, context.key.data]);
      Reflect.set(context, "_initialResponse", true);
    });
    const [key] = await makeKeys(dirname(`${server.target.knownHostsFiles[0]}`), "key");
    await agent.add(`${key}`);
    await refusedLogin({ ...server.target, agent: agent.socket });
    expect(server.requests.filter((request) => request === "publickey ssh-ed25519")).toHaveLength(1);
  });

  test("five keys of the agent leave room for a password that a person types", async () => {
    await using sshd = await startSshd({ password: "correct horse" });
    await using agent = await startAgent();
    for (const key of await makeKeys(sshd.dir, ...numbered(5))) await agent.add(key);
    const target = targetOf(sshd, { agent: agent.socket, identitiesOnly: false, identityFiles: [] });
    await using _connection = await connect(target, { prompter: person("correct horse") });
    await expect.poll(() => countFailures(sshd)).toBe(5);
  });

  test("a key and its own public half are offered once", async () => {
    await using sshd = await startSshd();
    const [key] = await makeKeys(sshd.dir, "key");
    if (!key) throw new Error("no key");
    await refusedLogin(targetOf(sshd, { identityFiles: [`${key}.pub`, key, key] }));
    await expect.poll(() => countFailures(sshd)).toBe(1);
  });

  test("a server with less patience says so", async () => {
    await using sshd = await startSshd({ config: ["MaxAuthTries 2"] });
    const keys = await makeKeys(sshd.dir, ...numbered(4));
    const error = await refusedLogin(targetOf(sshd, { identityFiles: keys }));
    expect(error.code).toBe("auth_failed");
    expect(error.message).toBe(
      `127.0.0.1 port ${sshd.port} refused the login after too many attempts (MaxAuthTries in its sshd_config); name the right key with -i and add -o IdentitiesOnly=yes, so that no other is tried first.`,
    );
  });

  test("a refused key is named, with what the server accepts and what to do", async () => {
    await using sshd = await startSshd();
    const [key] = await makeKeys(sshd.dir, "key");
    const error = await refusedLogin(targetOf(sshd, { identityFiles: key ? [key] : [] }));
    expect(error.message).toBe(
      `127.0.0.1 port ${sshd.port} refused the login as ${sshd.user} (tried ${key}; the server accepts publickey); check the user name, name the right key with -i or load it into the agent, or set REMOTE_PASSWORD.`,
    );
    expect(error.data).toEqual({ host: "127.0.0.1" });
  });
});

describe("several factors", () => {
  const bothWays = async (sshd: SshServer, check: (agent: string | undefined) => Promise<void>) => {
    await check(undefined);
    await using agent = await startAgent();
    await agent.add(sshd.clientKey);
    await check(agent.socket);
  };

  test("a key and then the password", async () => {
    await using sshd = await startSshd({
      password: "correct horse",
      config: ["AuthenticationMethods publickey,password"],
    });
    await bothWays(sshd, async (agent) => {
      await using _connection = await connect(targetOf(sshd, { agent, password: "correct horse" }));
    });
    await bothWays(sshd, async (agent) => {
      const prompter = person("correct horse");
      await using _connection = await connect(targetOf(sshd, { agent }), { prompter });
      expect(prompter.questions).toMatchObject([{ kind: "password" }]);
    });
    expect(countFailures(sshd)).toBeLessThanOrEqual(2);
  });

  test.runIf(existsSync("/etc/pam.d/sshd"))("a key and then the questions of a server with PAM", async () => {
    await using sshd = await startSshd({
      password: "correct horse",
      config: [
        "UsePAM yes",
        "KbdInteractiveAuthentication yes",
        "AuthenticationMethods publickey,keyboard-interactive",
      ],
    });
    await bothWays(sshd, async (agent) => {
      const prompter = person("correct horse");
      await using _connection = await connect(targetOf(sshd, { agent }), { prompter });
      expect(prompter.questions).toMatchObject([{ kind: "password" }]);
      await using _given = await connect(targetOf(sshd, { agent, password: "correct horse" }));
    });
    await expect.poll(() => sshd.stderr().match(/^Accepted keyboard-interactive/gm)?.length).toBeGreaterThanOrEqual(4);
    expect(sshd.stderr()).not.toMatch(/^Failed (publickey|keyboard-interactive)/m);
  });

  test("two keys", async () => {
    await using sshd = await startSshd({ config: ["AuthenticationMethods publickey,publickey"] });
    const [second] = await makeKeys(sshd.dir, "second");
    await run("sh", ["-c", `cat "$0.pub" >> "$1"`, `${second}`, `${sshd.dir}/authorized_keys`]);
    const identityFiles = [sshd.clientKey, `${second}`];
    await bothWays(sshd, async (agent) => {
      await using _connection = await connect(targetOf(sshd, { agent, identityFiles }));
    });
    const error = await refusedLogin(targetOf(sshd));
    expect(error.message).toContain("the server accepts publickey");
  });

  test("the password and then the server's question, although only one of them is listed at first", async () => {
    let factors = 0;
    await using server = await startLoginServer((context) => {
      if (context.method === "password" && factors === 0) {
        factors++;
        return context.reject(["keyboard-interactive"], true);
      }
      if (context.method !== "keyboard-interactive" || factors === 0) return context.reject(["password"]);
      context.prompt([{ prompt: "Code: ", echo: false }], ([code]) =>
        code === "123456" ? context.accept() : context.reject(["keyboard-interactive"]),
      );
    });
    const prompter = person("123456");
    await using _connection = await connect({ ...server.target, password: "secret" }, { prompter });
    expect(server.requests).toEqual(["none", "password", "keyboard-interactive"]);
  });

  test("a key and then the server's question", async () => {
    let hasKey = false;
    await using server = await startLoginServer((context) => {
      if (context.method === "publickey" && !context.signature) return context.accept();
      if (context.method === "publickey") {
        hasKey = true;
        return context.reject(["keyboard-interactive"], true);
      }
      if (context.method !== "keyboard-interactive") {
        return context.reject([hasKey ? "keyboard-interactive" : "publickey"]);
      }
      context.prompt([{ prompt: "Code: ", echo: false }], () => context.accept());
    });
    await using sshd = await startSshd();
    await bothWays(sshd, async (agent) => {
      hasKey = false;
      const prompter = person("123456");
      const target = { ...server.target, agent, identityFiles: [sshd.clientKey] };
      await using _connection = await connect(target, { prompter });
      expect(prompter.questions).toHaveLength(1);
    });
    expect(server.requests.filter((request) => request === "none")).toHaveLength(1);
  });
});

describe("signature algorithms", () => {
  test("a key whose algorithms are all excluded is not offered", async () => {
    await using sshd = await startSshd();
    await using agent = await startAgent();
    await agent.add(sshd.clientKey);
    const algorithms = { pubkeyAccepted: ["ecdsa-sha2-nistp256"] };
    for (const socket of [undefined, agent.socket]) {
      const error = await refusedLogin(targetOf(sshd, { agent: socket, algorithms }));
      expect(error.message).toContain(
        `${sshd.clientKey} was not offered (PubkeyAcceptedAlgorithms leaves out ssh-ed25519)`,
      );
    }
    expect(countFailures(sshd)).toBeLessThanOrEqual(2);
    expect(offered(sshd)).toEqual([]);
  });

  test("an RSA key signs with SHA-1 only when the user's list has it", async () => {
    await using server = await startLoginServer(
      (context) => (context.method === "publickey" ? context.accept() : context.reject(["publickey"])),
      { isSilentOnSignatures: true },
    );
    await using sshd = await startSshd();
    await using agent = await startAgent();
    const rsa = `${sshd.dir}/rsa`;
    await keygen(rsa, "rsa");
    await agent.add(rsa);
    for (const socket of [undefined, agent.socket]) {
      const target = { ...server.target, identityFiles: [rsa], agent: socket };
      const error = await refusedLogin(target);
      expect(error.message).toMatch(
        /the server only takes SHA-1 signatures of .*rsa.* \(allow them with -o PubkeyAcceptedAlgorithms=\+ssh-rsa\)/,
      );
      expect(server.requests).not.toContain("publickey ssh-rsa");
      const algorithms = { pubkeyAccepted: ["ssh-ed25519", "rsa-sha2-512", "ssh-rsa"] };
      await using _connection = await connect({ ...target, algorithms });
      expect(server.requests.splice(0)).toContain("publickey ssh-rsa");
    }
  });

  test("an RSA key signs with SHA-2 where the server takes it", async () => {
    await using sshd = await startSshd();
    const rsa = `${sshd.dir}/rsa`;
    await keygen(rsa, "rsa");
    await copyFile(`${rsa}.pub`, `${sshd.dir}/authorized_keys`);
    await using _connection = await connect(targetOf(sshd, { identityFiles: [rsa] }));
  });
});

describe("what only the system's ssh can use", () => {
  /** A key of a security key, as `ssh-keygen -t ed25519-sk` writes its public half. */
  const securityKey = () => {
    const string = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
    const type = "sk-ssh-ed25519@openssh.com";
    const parts = [Buffer.from(type), Buffer.alloc(32, 7), Buffer.from("ssh:")].map(string);
    return `${type} ${Buffer.concat(parts).toString("base64")} security key\n`;
  };

  test("is nothing when there was no such thing", async () => {
    await using sshd = await startSshd();
    await using agent = await startAgent();
    const error = await refusedLogin(targetOf(sshd, { agent: agent.socket, identityFiles: [] }));
    expect(error.data.lacks).toBeUndefined();
  });

  test("is a certificate beside the key or in the agent", async () => {
    await using sshd = await startSshd();
    await using agent = await startAgent();
    const [key, authority] = await makeKeys(sshd.dir, "key", "authority");
    if (!key || !authority) throw new Error("no keys");
    await run("ssh-keygen", ["-q", "-s", authority, "-I", "somebody", "-n", sshd.user, `${key}.pub`]);
    await agent.add(key);
    const beside = await refusedLogin(targetOf(sshd, { identityFiles: [key] }));
    expect(beside.data.lacks).toBe("user certificates");
    expect(beside.message).toContain("user certificates can be used by the system's ssh only");
    const held = await refusedLogin(targetOf(sshd, { identityFiles: [], identitiesOnly: false, agent: agent.socket }));
    expect(held.data.lacks).toBe("user certificates");
  });

  test("is a security key", async () => {
    await using sshd = await startSshd();
    const path = `${sshd.dir}/id_ed25519_sk.pub`;
    await writeFile(path, securityKey());
    const error = await refusedLogin(targetOf(sshd, { identityFiles: [path] }));
    expect(error.data.lacks).toBe("security keys (FIDO)");
  });

  test("is Kerberos when the server takes it and there was nothing else to offer", async () => {
    await using server = await startLoginServer((context) => context.reject(["publickey"]));
    const plain = await refusedLogin(server.target);
    expect(plain.data.lacks).toBeUndefined();
    await using realm = await startLoginServer((context) => {
      const methods: string[] = ["publickey", "gssapi-with-mic"];
      Reflect.apply(context.reject, context, [methods]);
    });
    const error = await refusedLogin(realm.target);
    expect(error.data.lacks).toBe("GSSAPI");
  });
});
