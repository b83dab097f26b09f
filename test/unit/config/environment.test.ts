import { describe, expect, test } from "vitest";
import { readEnvironment } from "../../../src/config/environment.ts";

const BASE = { REMOTE_SSH: "ssh me@host", HOME: "/home/me" };

function settingsOf(env: Record<string, string | undefined>) {
  const read = readEnvironment({ ...BASE, ...env });
  if (read.kind !== "ready") throw new Error(JSON.stringify(read));
  return read.settings;
}

function invalid(env: Record<string, string | undefined>) {
  const read = readEnvironment({ ...BASE, ...env });
  if (read.kind !== "invalid") throw new Error(`accepted as ${read.kind}`);
  return read;
}

test.each([{}, { REMOTE_SSH: undefined }, { REMOTE_SSH: "" }, { REMOTE_SSH: " \t", REMOTE_WORKDIR: "relative" }])(
  "without REMOTE_SSH the plugin is dormant: %j",
  (env) => {
    expect(readEnvironment(env)).toEqual({ kind: "dormant" });
  },
);

test("only REMOTE_SSH is needed; everything else has a default", () => {
  expect(settingsOf({})).toEqual({
    ssh: { host: "host", user: "me", identityFiles: [], options: [], ignored: [] },
    transport: "auto",
    loginEnv: false,
    pool: { commandSize: 3, fileSize: 2, staggerMs: 0 },
    mirrorDir: "/home/me/.cache/opencode-remote-code",
  });
});

test("every variable is taken over", () => {
  const settings = settingsOf({
    REMOTE_WORKDIR: "/srv/app",
    REMOTE_PASSWORD: " secret ",
    REMOTE_SUDO_PASSWORD: "root's",
    REMOTE_PASSPHRASE: " of the key ",
    REMOTE_TRANSPORT: " OpenSSH ",
    REMOTE_SHELL: " /usr/bin/zsh ",
    REMOTE_LOGIN_ENV: "1",
    REMOTE_POOL_COMMAND_SIZE: "10",
    REMOTE_POOL_FILE_SIZE: " 1 ",
    REMOTE_POOL_STAGGER_MS: "10000",
    REMOTE_MIRROR: "~/mirrors",
  });
  expect(settings).toMatchObject({
    workdir: "/srv/app",
    password: " secret ",
    sudoPassword: "root's",
    passphrase: " of the key ",
    transport: "openssh",
    shell: "/usr/bin/zsh",
    loginEnv: true,
    pool: { commandSize: 10, fileSize: 1, staggerMs: 10_000 },
    mirrorDir: "/home/me/mirrors",
  });
});

test("blank variables count as absent", () => {
  const blank = {
    REMOTE_WORKDIR: " ",
    REMOTE_PASSWORD: "",
    REMOTE_PASSPHRASE: "",
    REMOTE_TRANSPORT: " ",
    REMOTE_SHELL: " ",
    REMOTE_LOGIN_ENV: "",
    REMOTE_POOL_FILE_SIZE: "",
    REMOTE_MIRROR: "",
  };
  expect(settingsOf(blank)).toEqual(settingsOf({}));
});

test("the mirror's default follows an absolute XDG_CACHE_HOME and no relative one", () => {
  expect(settingsOf({ XDG_CACHE_HOME: "/cache" }).mirrorDir).toBe("/cache/opencode-remote-code");
  expect(settingsOf({ XDG_CACHE_HOME: "cache" }).mirrorDir).toBe("/home/me/.cache/opencode-remote-code");
});

describe("a wrong value is named with its variable", () => {
  test.each([
    [{ REMOTE_SSH: "ssh" }, "REMOTE_SSH: There is no host"],
    [{ REMOTE_SHELL: "zsh -l" }, 'REMOTE_SHELL is "zsh -l"; set a name (zsh) or an absolute path (/usr/bin/zsh)'],
    [{ REMOTE_SHELL: "bin/zsh" }, 'REMOTE_SHELL is "bin/zsh"'],
    [{ REMOTE_SHELL: "-c" }, 'REMOTE_SHELL is "-c"'],
    [{ REMOTE_SHELL: "/bin/z\u0007sh" }, "REMOTE_SHELL"],
    [{ REMOTE_SHELL: "zsh;id" }, 'REMOTE_SHELL is "zsh;id"'],
    [{ REMOTE_LOGIN_ENV: "perhaps" }, 'REMOTE_LOGIN_ENV is "perhaps"; set 1 or 0'],
    [{ REMOTE_SSH: "ssh 'host" }, "REMOTE_SSH: The single quote"],
    [{ REMOTE_WORKDIR: "srv/app" }, 'REMOTE_WORKDIR is "srv/app"'],
    [{ REMOTE_WORKDIR: "~/app" }, "REMOTE_WORKDIR"],
    [{ REMOTE_WORKDIR: "C:\\app" }, "REMOTE_WORKDIR"],
    [{ REMOTE_POOL_COMMAND_SIZE: "0" }, "REMOTE_POOL_COMMAND_SIZE"],
    [{ REMOTE_POOL_COMMAND_SIZE: "11" }, "from 1 to 10"],
    [{ REMOTE_POOL_FILE_SIZE: "2.5" }, "REMOTE_POOL_FILE_SIZE"],
    [{ REMOTE_POOL_FILE_SIZE: "1e0" }, "REMOTE_POOL_FILE_SIZE"],
    [{ REMOTE_POOL_STAGGER_MS: "-1" }, "REMOTE_POOL_STAGGER_MS"],
    [{ REMOTE_POOL_STAGGER_MS: "10001" }, "from 0 to 10000"],
    [{ REMOTE_MIRROR: "mirrors" }, "REMOTE_MIRROR"],
    [{ REMOTE_TRANSPORT: "rexd" }, 'REMOTE_TRANSPORT is "rexd"; set auto, ssh2 or openssh'],
    [{ REMOTE_SUDO_PASSWORD: "hunter2\n" }, "REMOTE_SUDO_PASSWORD"],
  ])("%j", (env, said) => {
    const { problems, message } = invalid(env);
    expect(problems).toEqual([expect.stringContaining(said)]);
    expect(message).toBe(problems[0]);
    expect(message).not.toContain("hunter2");
  });
});

test("one message lists everything wrong and no password", () => {
  const { problems, message } = invalid({
    REMOTE_SSH: "ssh -p x -N",
    REMOTE_WORKDIR: "app",
    REMOTE_PASSWORD: "hunter2",
    REMOTE_SUDO_PASSWORD: "hunter3\n",
    REMOTE_PASSPHRASE: "hunter4",
    REMOTE_POOL_COMMAND_SIZE: "many",
  });
  expect(problems).toHaveLength(6);
  for (const problem of problems) expect(message).toContain(`\n- ${problem}`);
  for (const name of ["REMOTE_SSH", "REMOTE_WORKDIR", "REMOTE_SUDO_PASSWORD", "REMOTE_POOL_COMMAND_SIZE"]) {
    expect(message).toContain(name);
  }
  expect(message).not.toMatch(/hunter/);
});
