import { execFileSync } from "node:child_process";
import { appendFile, copyFile, readFile, writeFile } from "node:fs/promises";
import type { VerifyCallback } from "ssh2";
import { describe, expect, test } from "vitest";
import { RemoteError } from "../../../src/remote/error.ts";
import { nobody } from "../../../src/remote/prompter.ts";
import { connect, type Pins } from "../../../src/ssh/connect.ts";
import { hostVerifier } from "../../../src/ssh/host-key.ts";
import { parseKnownHosts } from "../../../src/ssh/known-hosts.ts";
import type { SshTarget } from "../../../src/ssh/target.ts";
import { deferred } from "../../../src/util/deferred.ts";
import { dss, keyOf, keyText, skEd25519 } from "../../support/host-keys.ts";
import { scripted } from "../../support/scripted-prompter.ts";
import { startRecorder } from "../../support/ssh-recorder.ts";
import { run } from "../../support/ssh-server.ts";
import { nowhere, targetOf } from "../../support/ssh-target.ts";
import { fingerprint, keygen, type Sshd, startSshd } from "../../support/sshd.ts";

/** Nobody to ask, nothing to stop. */
const quiet = { prompter: nobody, signal: new AbortController().signal };

async function refusal(target: SshTarget, pins?: Pins): Promise<RemoteError> {
  const error = await connect(target, { pins }).then(
    async (connection) => {
      await connection[Symbol.asyncDispose]();
      return new Error("it connected");
    },
    (reason: unknown) => reason,
  );
  if (!(error instanceof RemoteError)) throw error;
  return error;
}

const modes = ["yes", "ask", "accept-new", "no"] as const;

/** The machine shows another key from now on, and known_hosts says so. */
async function giveFreshKey(sshd: Sshd): Promise<void> {
  const fresh = `${sshd.dir}/fresh`;
  await keygen(fresh);
  await copyFile(fresh, `${sshd.dir}/host_ed25519`);
  await copyFile(`${fresh}.pub`, `${sshd.dir}/host_ed25519.pub`);
  await sshd.restart();
  const key = (await readFile(`${fresh}.pub`, "utf8")).trim();
  await writeFile(sshd.knownHosts, `[127.0.0.1]:${sshd.port} ${key}\n`);
}

describe("a host key", () => {
  test.each(modes)("that changed is refused before any credential is offered (%s)", async (mode) => {
    await using sshd = await startSshd();
    await using recorder = await startRecorder();
    const knownHosts = `${sshd.dir}/changed`;
    const before = `[127.0.0.1]:${recorder.port} ${sshd.hostPublicKey}\n`;
    await writeFile(knownHosts, before);
    const target = targetOf(sshd, {
      port: recorder.port,
      knownHostsFiles: [knownHosts],
      strictHostKeyChecking: mode,
      password: "secret",
    });
    const error = await refusal(target);
    expect(error.code).toBe("host_key_changed");
    expect(error.message).toContain(`ssh-keygen -R '[127.0.0.1]:${recorder.port}'`);
    expect(recorder.offered).toEqual([]);
    expect(await readFile(knownHosts, "utf8")).toBe(before);
  });

  test.each(modes)("that is revoked is refused (%s)", async (mode) => {
    await using sshd = await startSshd();
    await writeFile(sshd.knownHosts, `@revoked * ${sshd.hostPublicKey}\n${await readFile(sshd.knownHosts, "utf8")}`);
    const error = await refusal(targetOf(sshd, { strictHostKeyChecking: mode }));
    expect(error.code).toBe("host_key_changed");
    expect(error.message).toContain("revoked");
  });

  test.each(["yes", "ask"] as const)("that is unknown is refused with its fingerprint (%s)", async (mode) => {
    await using sshd = await startSshd();
    await writeFile(sshd.knownHosts, "");
    const error = await refusal(targetOf(sshd, { strictHostKeyChecking: mode }));
    expect(error.code).toBe("host_key_unknown");
    expect(error.message).toContain(fingerprint(`${sshd.dir}/host_ed25519.pub`));
    expect(error.message).toContain(sshd.knownHosts);
    expect(error.message).toContain("StrictHostKeyChecking=accept-new");
    expect(sshd.stderr()).not.toContain("publickey");
  });

  test.each(["accept-new", "no"] as const)("that is unknown is remembered, as ssh reads it (%s)", async (mode) => {
    await using sshd = await startSshd();
    await writeFile(sshd.knownHosts, "# mine");
    {
      await using _first = await connect(targetOf(sshd, { strictHostKeyChecking: mode }));
    }
    const text = await readFile(sshd.knownHosts, "utf8");
    expect(text).toBe(`# mine\n[127.0.0.1]:${sshd.port} ${sshd.hostPublicKey}\n`);
    await using _second = await connect(targetOf(sshd, { strictHostKeyChecking: "yes" }));
    execFileSync("sh", ["-c", `${sshd.env().REMOTE_SSH} -o StrictHostKeyChecking=yes true`]);
  });

  test("is remembered as a hash that ssh understands", async () => {
    await using sshd = await startSshd();
    await writeFile(sshd.knownHosts, "");
    {
      await using _first = await connect(targetOf(sshd, { strictHostKeyChecking: "accept-new", hashKnownHosts: true }));
    }
    expect(await readFile(sshd.knownHosts, "utf8")).toMatch(/^\|1\|\S+ ssh-ed25519 \S+\n$/);
    await using _second = await connect(targetOf(sshd, { strictHostKeyChecking: "yes" }));
    execFileSync("sh", ["-c", `${sshd.env().REMOTE_SSH} -o StrictHostKeyChecking=yes true`]);
  });

  test("that cannot be remembered is accepted for this session, as ssh does", async () => {
    await using sshd = await startSshd();
    const target = targetOf(sshd, { strictHostKeyChecking: "accept-new", knownHostsFiles: ["/dev/null/known_hosts"] });
    await using _connection = await connect(target);
  });

  test("of a type known from before is asked for first", async () => {
    await using sshd = await startSshd({ hostKeys: ["ed25519", "ecdsa", "rsa"] });
    for (const type of ["rsa", "ecdsa"]) {
      await writeFile(
        sshd.knownHosts,
        `[127.0.0.1]:${sshd.port} ${await readFile(`${sshd.dir}/host_${type}.pub`, "utf8")}`,
      );
      await using connection = await connect(targetOf(sshd));
      expect(connection.hostKey).toBe(fingerprint(`${sshd.dir}/host_${type}.pub`));
    }
  });

  test("of a type whose key was revoked is not asked for first", async () => {
    await using sshd = await startSshd({ hostKeys: ["ed25519", "rsa"] });
    await appendFile(sshd.knownHosts, `@revoked * ${sshd.hostPublicKey}\n`);
    await using connection = await connect(targetOf(sshd));
    expect(connection.hostKey).toBe(fingerprint(`${sshd.dir}/host_rsa.pub`));
    execFileSync("sh", ["-c", `${sshd.env().REMOTE_SSH} -o StrictHostKeyChecking=yes true`]);
  });

  test("is looked up as ssh does: under HostName in lower case, or the alias, hashed or not", async () => {
    await using sshd = await startSshd();
    const key = sshd.hostPublicKey;
    await writeFile(sshd.knownHosts, `[localhost]:${sshd.port} ${key}\n`);
    {
      await using _named = await connect(targetOf(sshd, { host: "mybox", hostName: "LocalHost" }));
    }
    await run("ssh-keygen", ["-H", "-f", sshd.knownHosts]);
    expect(await readFile(sshd.knownHosts, "utf8")).toMatch(/^\|1\|/);
    {
      await using _hashed = await connect(targetOf(sshd, { hostName: "localhost" }));
    }
    await writeFile(sshd.knownHosts, `alias ${key}\n`);
    await using _aliased = await connect(targetOf(sshd, { hostKeyAlias: "Alias" }));
  });

  test("other than the session's first one is refused, whatever the file says by now", async () => {
    await using sshd = await startSshd();
    const pins: Pins = new Map();
    {
      await using _first = await connect(targetOf(sshd), { pins });
    }
    {
      await using _again = await connect(targetOf(sshd), { pins });
    }
    await giveFreshKey(sshd);
    const error = await refusal(targetOf(sshd), pins);
    expect(error.code).toBe("host_key_changed");
    expect(error.message).toContain("since this session began");
    await using _fresh = await connect(targetOf(sshd));
  });

  test("of a jump host other than the session's first one is refused as well", async () => {
    await using hop = await startSshd();
    await using sshd = await startSshd();
    const target = targetOf(sshd, { jumps: [targetOf(hop, { host: "gate" })] });
    const pins: Pins = new Map();
    {
      await using _first = await connect(target, { pins });
    }
    expect([...pins.keys()].sort()).toEqual([`[127.0.0.1]:${hop.port}`, `[127.0.0.1]:${sshd.port}`].sort());
    await giveFreshKey(hop);
    const error = await refusal(target, pins);
    expect(error).toMatchObject({ code: "host_key_changed", data: { host: "gate" } });
    expect(error.message).toContain("since this session began");
    await using _fresh = await connect(target);
  });

  test("must come back when keys are exchanged again within a connection", async () => {
    await using sshd = await startSshd({ config: ["RekeyLimit 64K"] });
    await using connection = await connect(targetOf(sshd));
    let received = 0;
    let exchanges = 0;
    connection.client.on("handshake", () => exchanges++);
    await new Promise<void>((resolve, reject) => {
      connection.client.exec("head -c 1000000 /dev/zero", (error, channel) => {
        if (error) return reject(error);
        channel.on("data", (data: Buffer) => {
          received += data.length;
        });
        channel.once("close", resolve);
      });
    });
    expect(received).toBe(1_000_000);
    expect(exchanges).toBeGreaterThan(0);
  });

  test("of an authority's is refused with the way out", async () => {
    await using sshd = await startSshd();
    await writeFile(sshd.knownHosts, `@cert-authority * ${sshd.hostPublicKey}\n`);
    const error = await refusal(targetOf(sshd));
    expect(error.code).toBe("host_key_unknown");
    expect(error.message).toContain("host certificates are not supported");
    expect(error.data.lacks).toBe("host certificates");
    await appendFile(sshd.knownHosts, `[127.0.0.1]:${sshd.port} ${sshd.hostPublicKey}\n`);
    await using _plain = await connect(targetOf(sshd));
  });

  test.each([
    ["FIDO", skEd25519("token"), "sk-ssh-ed25519@openssh.com", "connect through the system's ssh instead"],
    ["DSA", dss("old"), "ssh-dss", "add -o HostKeyAlgorithms=+ssh-dss to the ssh options or connect through"],
    [
      "a later OpenSSH",
      keyOf("ssh-later", Buffer.from("key")),
      "ssh-later",
      "connect through the system's ssh instead",
    ],
  ])(
    "of a type that cannot be checked here (%s) is refused with the way out: nothing is sent",
    async (_, key, type, way) => {
      await using sshd = await startSshd();
      await writeFile(sshd.knownHosts, `[127.0.0.1]:${sshd.port} ${keyText(key)}\n`);
      for (const strictHostKeyChecking of modes) {
        const error = await refusal(targetOf(sshd, { strictHostKeyChecking }));
        expect(error.code).toBe("host_key_unknown");
        expect(error.message).toContain(way);
        expect(error.data.lacks).toBe(`host keys of type ${type}`);
      }
      expect(sshd.stderr()).not.toContain("Connection from");
      await appendFile(sshd.knownHosts, `[127.0.0.1]:${sshd.port} ${sshd.hostPublicKey}\n`);
      await using _another = await connect(targetOf(sshd));
    },
  );

  test("is not checked against a file that cannot be read: nothing is sent", async () => {
    await using sshd = await startSshd();
    const error = await refusal(targetOf(sshd, { knownHostsFiles: [sshd.dir] }));
    expect(error.code).toBe("config");
    expect(sshd.stderr()).not.toContain("Connection from");
  });
});

describe("hostVerifier answers through the callback, with a strict boolean and once", () => {
  const key = Buffer.from("AAAAC3NzaC1lZDI1NTE5AAAAIHGrcf2bXoYOnaabMgEbAJ3VTMDfTVj0pKEYtjDvg3t0", "base64");
  const known = parseKnownHosts(`box ssh-ed25519 ${key.toString("base64")}`);
  const changed = Buffer.from(key);
  changed[40] = (changed[40] ?? 0) ^ 1;
  const box = { ...nowhere, host: "box", hostName: "box", port: 22, knownHostsFiles: ["/dev/null/known_hosts"] };

  test.each([
    ["known", "yes", key, known, undefined, true],
    ["known", "no", key, known, undefined, true],
    ["changed", "yes", changed, known, undefined, false],
    ["changed", "no", changed, known, undefined, false],
    ["unknown", "yes", key, [], undefined, false],
    ["unknown", "ask", key, [], undefined, false],
    ["unknown", "accept-new", key, [], undefined, true],
    ["unknown", "no", key, [], undefined, true],
    ["pinned, not in the file", "yes", key, [], key, true],
    ["pinned, but changed in the file", "no", changed, known, changed, false],
    ["not the pinned one", "no", key, known, changed, false],
    ["empty", "yes", Buffer.alloc(0), known, undefined, false],
  ] as const)("%s, %s", async (_what, mode, presented, lines, pinnedKey, expected) => {
    const heard: unknown[] = [];
    const answers: unknown[] = [];
    await new Promise<void>((resolve) => {
      const verifier = hostVerifier(
        { target: { ...box, strictHostKeyChecking: mode }, lines, pinnedKey, ...quiet },
        { accepted: () => heard.push("accepted"), refused: (reason) => heard.push(reason), isOver: () => false },
      );
      const returned: unknown = verifier(presented, ((answer: unknown) => {
        answers.push(answer);
        resolve();
      }) as VerifyCallback);
      expect(returned).toBeUndefined();
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(answers).toEqual([expected]);
    expect(heard).toEqual([expected ? "accepted" : expect.any(RemoteError)]);
  });

  test("a connection that is over gets no answer, which would make ssh2 throw", async () => {
    const answers: unknown[] = [];
    const verifier = hostVerifier(
      { target: { ...box, strictHostKeyChecking: "yes" }, lines: known, ...quiet },
      { accepted: () => answers.push("accepted"), refused: () => answers.push("refused"), isOver: () => true },
    );
    verifier(key, (answer) => answers.push(answer));
    verifier(changed, (answer) => answers.push(answer));
    await new Promise((resolve) => setImmediate(resolve));
    expect(answers).toEqual([]);
  });

  test("a second key exchange must bring the same key", async () => {
    const verifier = hostVerifier(
      { target: { ...box, strictHostKeyChecking: "accept-new" }, lines: [], ...quiet },
      { accepted: () => {}, refused: () => {}, isOver: () => false },
    );
    const ask = (presented: Buffer) => new Promise((resolve) => verifier(presented, resolve));
    expect(await ask(key)).toBe(true);
    expect(await ask(key)).toBe(true);
    expect(await ask(changed)).toBe(false);
  });

  test("an exchange that begins before the last one was answered must bring the same key", async () => {
    const answers: unknown[] = [];
    const person = deferred<string>();
    const { asked, prompter } = scripted(() => person.promise);
    const verifier = hostVerifier(
      { target: { ...box, strictHostKeyChecking: "ask" }, lines: [], ...quiet, prompter },
      { accepted: () => {}, refused: () => {}, isOver: () => false },
    );
    const ask = (presented: Buffer) =>
      new Promise((resolve) => verifier(presented, resolve)).then((a) => answers.push(a));
    const both = Promise.all([ask(key), ask(changed)]);
    person.resolve("yes");
    await both;
    expect(answers).toEqual([true, false]);
    expect(asked.length).toBe(1);
  });

  test.each([
    ["accepting", key],
    ["refusing", changed],
  ])("what ssh2 throws at an answer is a reason to end the connection (%s)", async (_what, presented) => {
    const heard: unknown[] = [];
    const broken = new Error("Instance unusable after fatal error");
    await new Promise<void>((resolve) => {
      const verifier = hostVerifier(
        { target: { ...box, strictHostKeyChecking: "yes" }, lines: known, ...quiet },
        {
          accepted: () => heard.push("accepted"),
          refused: (reason) => {
            heard.push(reason);
            if (reason === broken) resolve();
          },
          isOver: () => false,
        },
      );
      verifier(presented, (answer) => {
        heard.push(answer);
        throw broken;
      });
    });
    expect(heard.at(-1)).toBe(broken);
    expect(heard.filter((one) => typeof one === "boolean")).toEqual([presented === key]);
  });

  test("a check that fails is a refusal", async () => {
    const heard: unknown[] = [];
    const reason = new Error("stopped");
    const ask = (mode: SshTarget["strictHostKeyChecking"]) =>
      new Promise((resolve) => {
        hostVerifier(
          {
            target: { ...box, strictHostKeyChecking: mode },
            lines: [],
            prompter: nobody,
            signal: AbortSignal.abort(reason),
          },
          { accepted: () => heard.push("accepted"), refused: (why) => heard.push(why), isOver: () => false },
        )(key, resolve);
      });
    expect([await ask("ask"), await ask("accept-new"), await ask("no")]).toEqual([false, false, false]);
    expect(heard).toEqual([reason, reason, reason]);
  });
});
