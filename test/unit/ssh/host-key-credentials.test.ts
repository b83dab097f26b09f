import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RemoteError } from "../../../src/remote/error.ts";
import type { Prompter } from "../../../src/remote/prompter.ts";
import { connect, type Pins } from "../../../src/ssh/connect.ts";
import type { SshTarget } from "../../../src/ssh/target.ts";
import { ed25519, keyText } from "../../support/host-keys.ts";
import { scripted } from "../../support/scripted-prompter.ts";
import { type Recorder, startRecorder } from "../../support/ssh-recorder.ts";
import { nowhere, targetOf } from "../../support/ssh-target.ts";
import { type Sshd, startSshd } from "../../support/sshd.ts";

let dir = "";
/** One real jump host for all rows. */
let gate: Sshd;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "rc-host-key-"));
  gate = await startSshd();
});
afterAll(async () => {
  await gate?.[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

interface Refusal {
  what: string;
  code: string;
  /** Lines of known_hosts; undefined for a file that cannot be read. */
  lines: ((name: string, key: string) => string) | undefined;
  mode?: SshTarget["strictHostKeyChecking"];
  answer?: () => unknown;
  pin?: Buffer;
}

const other = keyText(ed25519("other"));
const unknownWhen = (what: string, answer: () => unknown): Refusal => ({
  what: `unknown, and the person ${what}`,
  code: "host_key_unknown",
  lines: () => "",
  mode: "ask",
  answer,
});

const refusals: Refusal[] = [
  { what: "unknown", code: "host_key_unknown", lines: () => "" },
  unknownWhen("is not there", () => undefined),
  unknownWhen("says no", () => "no"),
  unknownWhen("says nothing", () => ""),
  unknownWhen("says y", () => "y"),
  unknownWhen("says yes and more", () => "yes please"),
  unknownWhen("gives another fingerprint", () => "SHA256:AAAA"),
  unknownWhen("gives something that is no text", () => true),
  unknownWhen("gives a list", () => ["yes"]),
  unknownWhen("gives an error", () => new Error("yes")),
  unknownWhen("cannot be asked", () => Promise.reject(new Error("no terminal"))),
  unknownWhen("makes the dialog throw", () => {
    throw new TypeError("broken dialog");
  }),
  { what: "changed", code: "host_key_changed", lines: (name) => `${name} ${other}\n`, mode: "no", answer: () => "yes" },
  {
    what: "revoked",
    code: "host_key_changed",
    lines: (name, key) => `${name} ${key}\n@revoked * ${key}\n`,
    mode: "no",
  },
  { what: "of an authority's", code: "host_key_unknown", lines: () => `@cert-authority * ${other}\n`, mode: "ask" },
  {
    what: "not the pinned one",
    code: "host_key_changed",
    lines: (name, key) => `${name} ${key}\n`,
    pin: ed25519("pin"),
  },
  { what: "in a file that cannot be read", code: "config", lines: undefined, mode: "no", answer: () => "yes" },
];

/** How `recorder` is to be reached, with its known_hosts file, pins and prompter. */
async function prepare(recorder: Recorder, refusal: Refusal) {
  const name = `[127.0.0.1]:${recorder.port}`;
  const file = refusal.lines ? join(dir, `known_${recorder.port}`) : dir;
  const text = refusal.lines?.(name, recorder.hostPublicKey);
  if (text !== undefined) await writeFile(file, text);
  const target: SshTarget = {
    ...nowhere,
    host: "box",
    port: recorder.port,
    user: "somebody",
    password: "canary",
    knownHostsFiles: [file],
    strictHostKeyChecking: refusal.mode ?? "yes",
  };
  const pins: Pins = new Map(refusal.pin ? [[name, refusal.pin]] : []);
  const { prompter } = scripted(refusal.answer ?? (() => undefined));
  return {
    target,
    pins,
    prompter,
    unchanged: async () => text === undefined || (await readFile(file, "utf8")) === text,
  };
}

async function failure(target: SshTarget, options: { pins: Pins; prompter: Prompter }): Promise<RemoteError> {
  const error = await connect(target, options).then(
    async (connection) => {
      await connection[Symbol.asyncDispose]();
      return new Error("it connected");
    },
    (reason: unknown) => reason,
  );
  if (!(error instanceof RemoteError)) throw error;
  return error;
}

describe("a host key is decided about before any credential is offered", () => {
  test("to the recorder, which else hears them", async () => {
    await using recorder = await startRecorder();
    const { target } = await prepare(recorder, { what: "", code: "", lines: (name, key) => `${name} ${key}\n` });
    await using _connection = await connect(target);
    expect(recorder.offered.at(-1)).toBe("password canary");
  });

  test.each(refusals)("$what: nothing is offered to the target", async (refusal) => {
    await using recorder = await startRecorder();
    const { target, pins, prompter, unchanged } = await prepare(recorder, refusal);
    const error = await failure(target, { pins, prompter });
    expect([error.code, error.message]).toEqual([refusal.code, expect.not.stringContaining("canary")]);
    expect(recorder.offered).toEqual([]);
    expect(await unchanged()).toBe(true);
  });

  test.each(refusals)("$what: nothing is offered to a jump host, nor to what lies behind it", async (refusal) => {
    await using hop = await startRecorder();
    await using recorder = await startRecorder();
    const { target, pins, prompter, unchanged } = await prepare(hop, refusal);
    const behind = await prepare(recorder, { what: "", code: "", lines: () => "", mode: "no" });
    const error = await failure({ ...behind.target, jumps: [{ ...target, host: "gate" }] }, { pins, prompter });
    expect(error.code).toBe(refusal.code);
    // The file is the one thing that has no machine.
    if (refusal.code !== "config") expect(error.message).toContain("gate");
    expect([hop.offered, recorder.offered, recorder.connections]).toEqual([[], [], 0]);
    expect(await unchanged()).toBe(true);
  });

  test.each(refusals)("$what: nothing is offered to a target behind a jump host", async (refusal) => {
    await using recorder = await startRecorder();
    const { target, pins, prompter } = await prepare(recorder, refusal);
    const error = await failure({ ...target, jumps: [targetOf(gate)] }, { pins, prompter });
    expect(error.code).toBe(refusal.code);
    expect(recorder.offered).toEqual([]);
  });
});
