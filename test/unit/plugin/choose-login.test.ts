import { describe, expect, test } from "vitest";
import type { Target } from "../../../src/config/target.ts";
import { chooseLogin, type LoginOptions, type Ways } from "../../../src/plugin/choose-login.ts";
import type { ShellSession } from "../../../src/posix/host.ts";
import { RemoteError } from "../../../src/remote/error.ts";
import { nobody } from "../../../src/remote/prompter.ts";
import { nowhere } from "../../support/ssh-target.ts";

const target: Target = {
  ...nowhere,
  host: "box",
  algorithms: {},
  client: "/usr/bin/ssh",
  clientArguments: ["--", "box"],
  onlyClient: [],
  clientMayHelp: [],
  warnings: [],
  jumps: [],
};

const session = (hostKey: string): ShellSession => ({
  identity: { user: "dev", host: "box", port: 22 },
  hostKey,
  notices: ["A warning."],
  closed: new Promise(() => {}),
  async exec() {
    throw new Error("not used");
  },
  async [Symbol.asyncDispose]() {},
});

/** `ssh2` and `client`: what each way answers. */
function bench(
  configured: Partial<Target>,
  answers: { ssh2?: RemoteError; client?: RemoteError },
  transport: LoginOptions["transport"] = "auto",
) {
  const tried: string[] = [];
  const way = (name: "ssh2" | "client") => () => async () => {
    tried.push(name);
    const error = answers[name];
    if (error) throw error;
    return session(name);
  };
  const ways: Ways = { overSsh2: way("ssh2"), overClient: way("client") };
  const pool = { commandShells: 3, fileShells: 2, staggerMs: 0 };
  const resolve = async () => ({ ...target, ...configured });
  const open = chooseLogin({ ...pool, transport, prompter: nobody, resolve }, ways);
  return { tried, open: () => open({ signal: new AbortController().signal }) };
}

const lacking = new RemoteError("no_shared_algorithm", "No.", { lacks: "post-quantum key exchange" });
const refused = new RemoteError("auth_failed", "Refused.");

describe("auto", () => {
  test("takes ssh2 and says nothing more than the warnings", async () => {
    const { open, tried } = bench({ clientMayHelp: ["user certificates"] }, {});
    expect(await open()).toMatchObject({ hostKey: "ssh2", notices: ["A warning."] });
    expect(tried).toEqual(["ssh2"]);
  });

  test("takes the client at once where the configuration needs it, and says so", async () => {
    const { open, tried } = bench({ onlyClient: ["RevokedHostKeys", "user certificates (CertificateFile)"] }, {});
    const { notices } = await open();
    expect(tried).toEqual(["client"]);
    expect(notices[0]).toBe(
      "Connected with the system's ssh, because the built-in one lacks RevokedHostKeys, user certificates (CertificateFile).",
    );
  });

  test("falls back to the client when ssh2 lacks something, and stays with it", async () => {
    const { open, tried } = bench({}, { ssh2: lacking });
    expect((await open()).notices[0]).toContain("post-quantum key exchange");
    await open();
    expect(tried).toEqual(["ssh2", "client", "client"]);
  });

  test("falls back after a refused login only where the client has more to offer", async () => {
    const more = bench({ clientMayHelp: ["user certificates"] }, { ssh2: refused });
    expect((await more.open()).notices[0]).toContain("user certificates");
    const same = bench({}, { ssh2: refused });
    await expect(same.open()).rejects.toBe(refused);
    expect(same.tried).toEqual(["ssh2"]);
  });

  test.each(["host_key_changed", "host_key_unknown", "unreachable", "config"] as const)(
    "never takes another way around %s",
    async (code) => {
      const error = new RemoteError(code, "No.");
      const { open, tried } = bench({ clientMayHelp: ["user certificates"] }, { ssh2: error });
      await expect(open()).rejects.toBe(error);
      expect(tried).toEqual(["ssh2"]);
    },
  );

  test("without a client it says what ssh2 could not do", async () => {
    const { open } = bench({ client: undefined }, { ssh2: lacking });
    await expect(open()).rejects.toBe(lacking);
    const needs = bench({ client: undefined, onlyClient: ["RevokedHostKeys"] }, {});
    await expect(needs.open()).rejects.toMatchObject({
      code: "unsupported",
      message:
        "Cannot connect to box: its ssh configuration asks for RevokedHostKeys, which only the system's ssh can do; install an OpenSSH client on this machine or remove it from the ssh configuration.",
    });
    expect(needs.tried).toEqual([]);
  });

  test("a client that fails as well says why, and the next login begins again", async () => {
    const { open, tried } = bench({}, { ssh2: lacking, client: refused });
    await expect(open()).rejects.toBe(refused);
    await expect(open()).rejects.toBe(refused);
    expect(tried).toEqual(["ssh2", "client", "ssh2", "client"]);
  });
});

test("ssh2 alone never takes the client, and refuses what only that can do", async () => {
  const lacks = bench({}, { ssh2: lacking }, "ssh2");
  await expect(lacks.open()).rejects.toBe(lacking);
  const needs = bench({ onlyClient: ["RevokedHostKeys"] }, {}, "ssh2");
  await expect(needs.open()).rejects.toMatchObject({
    code: "unsupported",
    message: expect.stringContaining("set REMOTE_TRANSPORT=auto"),
  });
  expect([...lacks.tried, ...needs.tried]).toEqual(["ssh2"]);
});

test("openssh alone never takes ssh2", async () => {
  const { open, tried } = bench({}, { client: refused }, "openssh");
  await expect(open()).rejects.toBe(refused);
  expect(tried).toEqual(["client"]);
});
