import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { nobody } from "../../../src/remote/prompter.ts";
import { connect, type Pins } from "../../../src/ssh/connect.ts";
import { fingerprint, verifyHostKey } from "../../../src/ssh/host-key.ts";
import { parseKnownHosts } from "../../../src/ssh/known-hosts.ts";
import type { SshTarget } from "../../../src/ssh/target.ts";
import { deferred } from "../../../src/util/deferred.ts";
import { ed25519, hashedName, keyText, rsa } from "../../support/host-keys.ts";
import { scripted } from "../../support/scripted-prompter.ts";
import { type Recorder, startRecorder } from "../../support/ssh-recorder.ts";
import { nowhere, targetOf } from "../../support/ssh-target.ts";
import { startSshd } from "../../support/sshd.ts";

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "rc-question-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const key = ed25519("ours");
const line = `box ${keyText(key)}\n`;
const quiet = new AbortController().signal;
let files = 0;

/** A machine named `box` with a known_hosts file of its own. */
async function box(text = "", overrides: Partial<SshTarget> = {}) {
  const file = join(dir, `known_${files++}`);
  await writeFile(file, text);
  const target: SshTarget = {
    ...nowhere,
    host: "box",
    hostName: "box",
    port: 22,
    knownHostsFiles: [file],
    strictHostKeyChecking: "ask",
    ...overrides,
  };
  return { target, lines: parseKnownHosts(text), signal: quiet, read: () => readFile(file, "utf8") };
}

describe("an unknown key is asked about", () => {
  test("with machine, type and fingerprint", async () => {
    const { asked, prompter } = scripted(() => "no");
    const { target, lines, signal } = await box();
    const reason = await verifyHostKey(key, { target, lines, signal, prompter });
    expect(asked).toEqual([
      {
        kind: "host-key",
        machine: "box port 22",
        keyType: "ssh-ed25519",
        fingerprint: fingerprint(key),
        text: `The machine box port 22 is not known yet. Its ssh-ed25519 key has the fingerprint ${fingerprint(key)}. It is not known by any other name. Type yes, or the fingerprint, to trust it.`,
      },
    ]);
    expect(reason?.code).toBe("host_key_unknown");
    expect(reason?.message).toContain("compare the fingerprint with the machine's own");
  });

  test("with the other names that the files know it by, without control characters", async () => {
    const others = `[box]:2222 ${keyText(key)}\n${hashedName("cat")} ${keyText(key)}\ne\x1b[2Jvil ${keyText(key)}`;
    const { asked, prompter } = scripted(() => "no");
    const { target, lines, signal } = await box(others);
    await verifyHostKey(key, { target, lines, signal, prompter });
    expect(asked[0]?.text).toContain("It is known by other names: [box]:2222; a hashed name; e?[2Jvil.");
  });

  test.each(["yes", "YES", " Yes\n", fingerprint(key), ` ${fingerprint(key)} `])(
    "and accepted with %j",
    async (answer) => {
      const { target, lines, signal, read } = await box("# mine");
      const { prompter } = scripted(() => answer);
      expect(await verifyHostKey(key, { target, lines, signal, prompter })).toBeUndefined();
      expect(await read()).toBe(`# mine\n${line}`);
    },
  );

  test("and remembered hashed where that is asked for", async () => {
    const { target, lines, signal, read } = await box("", { hashKnownHosts: true });
    const { prompter } = scripted(() => "yes");
    expect(await verifyHostKey(key, { target, lines, signal, prompter })).toBeUndefined();
    expect(await read()).toMatch(/^\|1\|\S+ ssh-ed25519 \S+\n$/);
  });

  test("and refused after all when the file says otherwise by then", async () => {
    const { target, lines, signal } = await box();
    const [file = ""] = target.knownHostsFiles;
    const { prompter } = scripted(async () => {
      await writeFile(file, `box ${keyText(ed25519("theirs"))}\n`);
      return "yes";
    });
    const reason = await verifyHostKey(key, { target, lines, signal, prompter });
    expect(reason?.code).toBe("host_key_changed");
  });

  test.each<[what: string, text: string, overrides: Partial<SshTarget>, pinnedKey: Buffer | undefined]>([
    ["in the mode yes", "", { strictHostKeyChecking: "yes" }, undefined],
    ["about a changed key", `box ${keyText(rsa("old"))}`, {}, undefined],
    ["about a revoked key", `@revoked * ${keyText(key)}`, {}, undefined],
    ["when another key is pinned", "", {}, ed25519("pinned")],
    ["when this key is pinned", "", {}, key],
    ["when an authority vouches for the machine", `@cert-authority * ${keyText(rsa("ca"))}`, {}, undefined],
    ["when it could not be remembered", "", { hostKeyAlias: "*" }, undefined],
    ["when there is no file", "", { knownHostsFiles: [] }, undefined],
    ["about a known key", line, {}, undefined],
  ])("but nobody is asked %s", async (_what, text, overrides, pinnedKey) => {
    const { asked, prompter } = scripted(() => "yes");
    const { target, lines, signal, read } = await box(text, overrides);
    await verifyHostKey(key, { target, lines, signal, pinnedKey, prompter });
    expect(asked).toEqual([]);
    expect(await read()).toBe(text);
  });
});

describe("an unknown key that cannot be remembered is refused in every mode", () => {
  test.each(["yes", "ask", "accept-new", "no"] as const)("%s", async (strictHostKeyChecking) => {
    const check = await box("", { strictHostKeyChecking });
    const verify = (overrides: Partial<SshTarget>) =>
      verifyHostKey(key, { ...check, target: { ...check.target, ...overrides }, prompter: nobody });
    for (const overrides of [{ knownHostsFiles: [] }, { knownHostsReadOnly: true }]) {
      expect(await verify(overrides)).toMatchObject({
        code: "host_key_unknown",
        message: expect.stringContaining("no known_hosts file of the user's to remember it in; set UserKnownHostsFile"),
      });
      expect(await check.read()).toBe("");
    }
    expect(await verify({ hostKeyAlias: "b*" })).toMatchObject({
      code: "host_key_unknown",
      message: expect.stringContaining("it cannot be remembered under the name b*; set a plain HostKeyAlias"),
    });
  });
});

test("what is no key at all is refused in every mode", async () => {
  for (const shown of [Buffer.alloc(0), Buffer.from("key"), rsa("short", 96), ed25519("cut").subarray(0, 50)]) {
    const check = await box("", { strictHostKeyChecking: "no" });
    const reason = await verifyHostKey(shown, { ...check, prompter: nobody });
    expect(reason?.code).toBe("protocol");
    expect(reason?.message).toContain("box port 22 showed a host key that is none");
  }
});

describe("while a person thinks", () => {
  const targetAt = async (recorder: Recorder) =>
    (await box("", { hostName: "127.0.0.1", port: recorder.port, password: "secret" })).target;
  const textOf = (target: SshTarget) => readFile(target.knownHostsFiles[0] ?? "", "utf8");

  test("the connection waits, and goes on with the answer", async () => {
    await using recorder = await startRecorder();
    const target = await targetAt(recorder);
    const { prompter } = scripted(() => {
      expect(recorder.offered).toEqual([]);
      return "yes";
    });
    await using _connection = await connect(target, { prompter });
    expect(recorder.offered).toContain("password secret");
    expect(await textOf(target)).toBe(`[127.0.0.1]:${recorder.port} ${recorder.hostPublicKey}\n`);
    await using _again = await connect({ ...target, strictHostKeyChecking: "yes" });
  });

  test("the server may hang up: the question is taken back, a late yes changes nothing", async () => {
    await using recorder = await startRecorder();
    const target = await targetAt(recorder);
    const late = deferred<string>();
    const signals: AbortSignal[] = [];
    const { prompter } = scripted((_question, signal) => {
      signals.push(signal);
      recorder.drop();
      return late.promise;
    });
    await expect(connect(target, { prompter })).rejects.toMatchObject({ code: "connection_lost" });
    expect(signals.map((signal) => signal.aborted)).toEqual([true]);
    late.resolve("yes");
    await new Promise((resolve) => setImmediate(resolve));
    expect(recorder.offered).toEqual([]);
    expect(await textOf(target)).toBe("");
  });

  test("the attempt may be stopped: its reason is what is heard, a late yes changes nothing", async () => {
    await using recorder = await startRecorder();
    const target = await targetAt(recorder);
    const late = deferred<string>();
    const controller = new AbortController();
    const reason = new Error("the user pressed escape");
    const { asked, prompter } = scripted(() => {
      controller.abort(reason);
      return late.promise;
    });
    await expect(connect(target, { prompter, signal: controller.signal })).rejects.toBe(reason);
    late.resolve("yes");
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked.length).toBe(1);
    expect(recorder.offered).toEqual([]);
    expect(await textOf(target)).toBe("");
  });

  test("about a jump host, the same holds; afterwards the target is asked about", async () => {
    await using hop = await startSshd();
    await using recorder = await startRecorder();
    const target = await targetAt(recorder);
    const { asked, prompter } = scripted(({ machine }) => (machine.startsWith("gate") ? "yes" : "no"));
    const jump = targetOf(hop, { host: "gate", knownHostsFiles: target.knownHostsFiles, strictHostKeyChecking: "ask" });
    await expect(connect({ ...target, jumps: [jump] }, { prompter })).rejects.toMatchObject({
      code: "host_key_unknown",
      data: { host: "box" },
    });
    expect(asked.map(({ machine }) => machine)).toEqual([`gate port ${hop.port}`, `box port ${recorder.port}`]);
    expect(await textOf(target)).toBe(`[127.0.0.1]:${hop.port} ${hop.hostPublicKey}\n`);
    expect(recorder.offered).toEqual([]);
    await vi.waitFor(() => expect(hop.sessionPids()).toEqual([]));
  });

  test("further connections of the session do not ask again", async () => {
    await using recorder = await startRecorder();
    const target = { ...(await targetAt(recorder)), knownHostsFiles: ["/dev/null"] };
    const { asked, prompter } = scripted(() => "yes");
    const pins: Pins = new Map();
    await using _first = await connect(target, { prompter, pins });
    await using _second = await connect(target, { prompter, pins });
    expect(asked.length).toBe(1);
  });
});
