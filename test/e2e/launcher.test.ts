import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startScriptedModel } from "../../src/launch/demo/scripted-model.ts";
import { runOpencode } from "../support/opencode.ts";
import { createOpencodeHome, opencodeBinary } from "../support/opencode-home.ts";
import { cli } from "../support/session.ts";
import { type Sshd, startSshd } from "../support/sshd.ts";

const launcher = fileURLToPath(new URL("../../launchers/remote-opencode.sh", import.meta.url));

let sshd: Sshd;
let dir: string;
let silent: Awaited<ReturnType<typeof listenSilently>>;
beforeAll(async () => {
  sshd = await startSshd({ password: "right", config: ["PasswordAuthentication yes"] });
  dir = await realpath(await mkdtemp(join(tmpdir(), "rc-launcher-")));
  await writeFile(join(dir, "file"), "");
  silent = await listenSilently();
});
afterAll(async () => {
  silent.close();
  await sshd[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

interface Result {
  code: number | null;
  stdout: string;
  stderr: string;
}

async function run(command: string, args: string[], env: Record<string, string>): Promise<Result> {
  const child = spawn(command, args, { cwd: dir, env, stdio: ["ignore", "pipe", "pipe"], timeout: 60_000 });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once("error", reject).once("close", resolve),
  );
  return { code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
}

/** Accepts connections and never says a word: a host that hangs. */
async function listenSilently() {
  const server = createServer((socket) => socket.on("error", () => {}));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("no port");
  return { port: address.port, close: () => server.close() };
}

const known = () =>
  `-F none -o UserKnownHostsFile=${sshd.knownHosts} -o GlobalKnownHostsFile=none -o IdentityAgent=none`;
const good = () => `ssh ${known()} -p ${sshd.port} -i ${sshd.clientKey} ${sshd.user}@127.0.0.1`;

/** Each wrong setting, and what the one sentence about it must say. */
const wrong: [string, () => Record<string, string>, RegExp][] = [
  ["REMOTE_SSH without a host", () => ({ REMOTE_SSH: "ssh -p 22" }), /REMOTE_SSH.*host/s],
  ["a bad port", () => ({ REMOTE_SSH: "ssh -p 99999 box" }), /99999/],
  ["an unknown option", () => ({ REMOTE_SSH: "ssh -o StrictHostKeyCheking=no box" }), /StrictHostKeyChecking/],
  ["a forwarding", () => ({ REMOTE_SSH: "ssh -L 1:a:2 box" }), /-L/],
  ["a key file that does not exist", () => ({ REMOTE_SSH: `ssh -F none -i ${dir}/no-key box` }), /no-key/],
  ["a relative working directory", () => ({ REMOTE_SSH: good(), REMOTE_WORKDIR: "src" }), /REMOTE_WORKDIR/],
  [
    "a working directory that does not exist",
    () => ({ REMOTE_SSH: good(), REMOTE_WORKDIR: "/no/such/place" }),
    /The working directory \/no\/such\/place on 127\.0\.0\.1 does not exist; set REMOTE_WORKDIR/,
  ],
  [
    "a working directory that is a file",
    () => ({ REMOTE_SSH: good(), REMOTE_WORKDIR: "/etc/passwd" }),
    /The working directory \/etc\/passwd on 127\.0\.0\.1 is not a directory/,
  ],
  [
    "a wrong password",
    () => ({
      REMOTE_SSH: `ssh ${known()} -o PubkeyAuthentication=no -p ${sshd.port} ${sshd.user}@127.0.0.1`,
      REMOTE_PASSWORD: "s3cret-but-wrong",
    }),
    /password/,
  ],
  [
    "a host that does not answer",
    () => ({ REMOTE_SSH: `ssh -F none -o ConnectTimeout=2 -p ${silent.port} someone@127.0.0.1` }),
    /No connection to 127\.0\.0\.1.* within 2 s/,
  ],
  [
    "a port where nothing listens",
    () => ({ REMOTE_SSH: "ssh -F none -p 1 someone@127.0.0.1" }),
    /Nothing listens on 127\.0\.0\.1/,
  ],
  [
    "a name that does not resolve",
    () => ({ REMOTE_SSH: "ssh -F none someone@no-such-host.invalid" }),
    /no-such-host\.invalid does not resolve/,
  ],
  [
    "an unknown host key",
    () => ({ REMOTE_SSH: good().replace(sshd.knownHosts, join(dir, "nobody-known")) }),
    /SHA256:/,
  ],
];

/** One sentence for people: short, no stack, no secret, no local path of ours. */
function expectSentence(text: string): void {
  expect(text).not.toMatch(/\n\s+at |s3cret|opencode-remote-code\/|undefined|\[object/);
  expect(text.length).toBeLessThan(1200);
}

describe("a wrong setting is said in one sentence", () => {
  test.each(wrong)("%s: by the launcher, before OpenCode starts", async (_name, env, sentence) => {
    await using home = await createOpencodeHome();
    const result = await run("node", [cli], { ...home.env, ...env() });
    expect(result.stderr).toMatch(sentence);
    expectSentence(result.stderr);
    expect([1, 64]).toContain(result.code);
    expect(result.stdout).toBe("");
  });

  test.each(wrong)("%s: by the first tool call", async (_name, env, sentence) => {
    const turns = [{ calls: [{ name: "bash", arguments: { command: "echo ran" } }] }];
    await using model = await startScriptedModel(turns);
    const config = { ...model.providerConfig(), plugin: [new URL("index.js", `file://${cli}`).href] };
    const cwd = join(dir, `session-${Math.random().toString(36).slice(2)}`);
    await mkdir(cwd);
    const { parts } = await runOpencode({ cwd, config, env: env(), prompt: "go on", timeoutMs: 60_000 });
    expect(parts).toMatchObject([{ tool: "bash", status: "error" }]);
    expect(parts[0]?.output).toMatch(sentence);
    expectSentence(parts[0]?.output ?? "");
  });

  test("several wrong settings are said at once", async () => {
    await using home = await createOpencodeHome();
    const env = { REMOTE_SSH: "ssh -p x box", REMOTE_WORKDIR: "src", REMOTE_POOL_FILE_SIZE: "many" };
    const { stderr } = await run("node", [cli], { ...home.env, ...env });
    for (const name of ["REMOTE_SSH", "REMOTE_WORKDIR", "REMOTE_POOL_FILE_SIZE"]) expect(stderr).toContain(name);
  });
});

describe("the launcher", () => {
  test("explains itself, and what it does not understand", async () => {
    await using home = await createOpencodeHome();
    expect(await run("node", [cli, "--help"], home.env)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("Usage:"),
    });
    expect(await run("node", [cli, "--version"], home.env)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
    expect(await run("node", [cli], home.env)).toMatchObject({
      code: 64,
      stderr: expect.stringContaining("Which host?"),
    });
    expect(await run("node", [cli, "--verbose", "box"], home.env)).toMatchObject({
      code: 64,
      stderr: expect.stringContaining("--verbose"),
    });
    expect(await run("node", [cli, "a", "b"], home.env)).toMatchObject({
      code: 64,
      stderr: expect.stringContaining("One host at a time"),
    });
  });

  test("runs through links to it from other directories", async () => {
    await using home = await createOpencodeHome();
    const bin = join(dir, "linked bin");
    await mkdir(bin);
    await symlink(relative(bin, launcher), join(bin, "relative"));
    await symlink("linked bin/relative", join(dir, "chained"));
    await symlink(dirname(launcher), join(dir, "launchers"));
    for (const path of [join(bin, "relative"), join(dir, "chained"), join(dir, "launchers", basename(launcher))]) {
      expect(await run(path, ["--version"], home.env)).toEqual({
        code: 0,
        stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
        stderr: "",
      });
    }
  });

  test("has no version to tell where dist was copied alone, and says no more than that", async () => {
    await using home = await createOpencodeHome();
    const alone = join(dir, "alone", "dist");
    await mkdir(alone, { recursive: true });
    await writeFile(join(alone, "cli.mjs"), await readFile(cli));
    const result = await run("node", [join(alone, "cli.mjs"), "--version"], home.env);
    expect(result).toEqual({ code: 0, stdout: "unknown\n", stderr: "" });
  });

  test("says how to get OpenCode where there is none", async () => {
    await using home = await createOpencodeHome();
    const bare = join(dir, "bare", "dist");
    await mkdir(bare, { recursive: true });
    await writeFile(join(bare, "..", "package.json"), '{"type":"module"}');
    await writeFile(join(bare, "cli.js"), await readFile(cli));
    const node = join(dir, "only-node");
    await mkdir(node);
    await symlink(process.env.NODE ?? "/usr/bin/node", join(node, "node"));
    const result = await run(join(node, "node"), [join(bare, "cli.js"), "box"], { ...home.env, PATH: node });
    expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining("OpenCode is not installed") });
  });

  test("opens one stable session directory per target and leaves the user's configuration alone", async () => {
    await using model = await startScriptedModel([]);
    // OpenCode itself adds `$schema` to a configuration that lacks it.
    const $schema = "https://opencode.ai/config.json";
    await using home = await createOpencodeHome({ $schema, ...model.providerConfig() });
    const before = await readFile(join(home.configDir, "opencode.json"), "utf8");
    const env = { ...home.env, REMOTE_SSH: good(), REMOTE_WORKDIR: "/tmp" };
    for (const _ of [1, 2]) {
      expect((await run("sh", [launcher, "--", "run", "hello"], env)).code).toBe(0);
    }
    const sessions = join(home.root, "home", ".opencode", "remote-sessions");
    const [session, ...others] = await readdir(sessions);
    expect(others).toEqual([]);
    expect(session).toMatch(/_tmp$/);
    const config = JSON.parse(await readFile(join(sessions, session ?? "", "opencode.json"), "utf8"));
    expect(config.plugin).toContain(new URL("index.js", `file://${cli}`).href);
    expect(await readFile(join(sessions, session ?? "", ".git", "HEAD"), "utf8")).toContain("ref:");
    expect(await readFile(join(home.configDir, "opencode.json"), "utf8")).toBe(before);
  });

  test("needs nothing but OpenCode: without node and bun it runs in OpenCode's own runtime", async () => {
    const turns = [{ calls: [{ name: "bash", arguments: { command: 'test -n "$SSH_CONNECTION" && echo over-ssh' } }] }];
    await using model = await startScriptedModel(turns);
    await using home = await createOpencodeHome(model.providerConfig());
    const bin = join(home.root, "bin");
    await mkdir(bin);
    await symlink(await realpath(opencodeBinary), join(bin, "opencode"));
    for (const tool of ["sh", "dirname", "git", "ssh"]) await symlink(`/usr/bin/${tool}`, join(bin, tool));
    const env = { ...home.env, PATH: bin, REMOTE_SSH: good(), REMOTE_WORKDIR: "/tmp" };
    const result = await run("/bin/sh", [launcher, "--", "run", "hello"], env);
    expect(result.stderr).toContain(`${sshd.user}@127.0.0.1:/tmp`);
    expect(result.code).toBe(0);
    expect(model.toolResults().map((each) => each.text)).toEqual(["over-ssh\n"]);
  });

  test("without REMOTE_SSH the plugin leaves OpenCode as it is", async () => {
    const turns = [{ calls: [{ name: "bash", arguments: { command: "pwd" } }] }];
    await using model = await startScriptedModel(turns);
    const config = { ...model.providerConfig(), plugin: [new URL("index.js", `file://${cli}`).href] };
    const { parts } = await runOpencode({ cwd: dir, config, prompt: "go on" });
    expect(parts).toMatchObject([{ tool: "bash", status: "completed", output: `${dir}\n` }]);
  });
});
