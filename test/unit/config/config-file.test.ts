import { chmod, chown, mkdir, mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type ConfigFile, type Reading, readConfigFiles } from "../../../src/config/config-file.ts";
import { parseSshCommand } from "../../../src/config/ssh-command.ts";
import { settingsWithoutClient } from "../../../src/config/ssh-defaults.ts";

let dir = "";
let config = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "config-file-"));
  config = join(dir, "config");
  await mkdir(join(dir, ".ssh"));
});
beforeEach(() => rm(join(dir, ".ssh", "part"), { force: true }));
afterAll(() => rm(dir, { recursive: true, force: true }));

async function read(text: string, line = `ssh -F ${config} box`) {
  await writeFile(config, text);
  const parsed = parseSshCommand(line);
  if (!parsed.ok) throw new Error(parsed.problems.join());
  return settingsWithoutClient(parsed.value, { username: "local", home: dir, env: {} });
}

async function problemsOf(text: string, line?: string): Promise<string[]> {
  const answer = await read(text, line);
  if (answer.ok) throw new Error("accepted");
  return answer.problems;
}

function reading(): Reading {
  const subject = { hostLine: "box", host: "box", originalHost: "box", user: "u", localUser: "l", isFinal: false };
  const lists = { settings: new Map<string, string[]>(), problems: [], warnings: new Set<string>() };
  return {
    ...lists,
    home: dir,
    systemDirectory: join(dir, "etc"),
    subject: () => subject,
    wantsFinal: false,
    isStopped: false,
  };
}

test("a command of Match exec is never run, its block does not count and a warning names it", async () => {
  const mark = join(dir, "ran");
  const answer = await read(`
Match host box exec "touch ${mark}"
  Port 1
Match !exec "touch ${mark}"
  Port 2
Match host other exec "touch ${mark} by another host"
  Port 3
Match localnetwork 10.0.0.0/8
  Port 4
Host *
  Port 5
`);
  await expect(stat(mark)).rejects.toMatchObject({ code: "ENOENT" });
  expect(answer.ok && answer.value.settings.get("port")).toEqual(["5"]);
  const left = "is left out: only an ssh client can evaluate it, and there is none on PATH.";
  expect(answer.ok && answer.value.warnings).toEqual([
    `${config} line 2: the block Match exec "touch ${mark}" ${left}`,
    `${config} line 4: the block Match !exec "touch ${mark}" ${left}`,
    `${config} line 8: the block Match localnetwork "10.0.0.0/8" ${left}`,
  ]);
});

test("the user's file comes before the machine's, and each includes from its own directory", async () => {
  await mkdir(join(dir, "etc"), { recursive: true });
  await writeFile(join(dir, "etc", "part"), "ConnectTimeout 2\n", { mode: 0o600 });
  await writeFile(join(dir, ".ssh", "part"), "ConnectTimeout 1\n", { mode: 0o600 });
  await writeFile(config, "Port 1\nInclude part\n");
  await writeFile(join(dir, "system"), "Port 2\nUser machine\nInclude part\nInclude ~/part\n");
  const machine: ConfigFile = { path: join(dir, "system"), isUsers: false };
  const files = [{ path: config, isUsers: true }, { path: join(dir, "absent"), isUsers: true }, machine];
  const both = reading();
  await readConfigFiles(both, files);
  expect(Object.fromEntries(both.settings)).toEqual({ port: ["1"], user: ["machine"], connecttimeout: ["1"] });
  expect(both.problems).toEqual([expect.stringContaining('Include "~/part" begins with ~')]);
  const alone = reading();
  await readConfigFiles(alone, [machine]);
  expect(alone.settings.get("connecttimeout")).toEqual(["2"]);
});

test("a typo is named with its place and the nearest name", async () => {
  expect(await problemsOf("Port 22\n\nStrictHostKeyCheking no\nzzzzzzzz 1\n")).toEqual([
    `${config} line 3: "StrictHostKeyCheking" is no option that ssh knows; did you mean StrictHostKeyChecking?`,
    `${config} line 4: "zzzzzzzz" is no option that ssh knows; see ssh_config(5) for the names.`,
  ]);
});

test("a value that cannot be used is named with its place", async () => {
  expect(await problemsOf('ConnectTimeout soon\nUser "joe\nPort 1 2\nPort\n')).toEqual([
    `${config} line 1: ConnectTimeout cannot be used: "soon" is no value for it.`,
    `${config} line 2: User cannot be used: a quote is never closed.`,
    `${config} line 3: Port cannot be used: "2" follows the value; quote values with blanks.`,
    `${config} line 4: Port cannot be used: it has no value.`,
  ]);
  expect(await problemsOf("", "ssh -F none -o ConnectTimeout=soon box")).toEqual([
    'REMOTE_SSH: ConnectTimeout cannot be used: "soon" is no value for it.',
  ]);
});

test("a file that cannot be read is a problem, and one of -F that does not exist", async () => {
  expect(await problemsOf("", `ssh -F ${dir}/nofile box`)).toEqual([
    `The ssh configuration ${dir}/nofile does not exist.`,
  ]);
  expect(await problemsOf("", `ssh -F ${dir} box`)).toEqual([`The ssh configuration ${dir} is no regular file.`]);
});

test("an unreadable file of the user's own is a problem, too", async () => {
  const loop = join(dir, ".ssh", "config");
  await symlink(loop, loop);
  expect(await problemsOf("", "ssh box")).toEqual([`The ssh configuration ${loop} cannot be read (ELOOP).`]);
  await rm(loop);
});

test("-F /dev/null is a configuration without a line", async () => {
  const answer = await read("Port 1\n", "ssh -F /dev/null box");
  expect(answer.ok && answer.value.settings.get("port")).toEqual(["22"]);
});

test("a file that others can write to, or that belongs to somebody else, is refused as ssh does", async () => {
  const part = join(dir, ".ssh", "part");
  await writeFile(part, "Port 1\n");
  await chmod(part, 0o666);
  const refused = [expect.stringContaining("belongs to somebody else or can be written by others")];
  expect(await problemsOf("Include part\n")).toEqual(refused);
  await chmod(part, 0o600);
  expect((await read("Include part\n")).ok).toBe(true);
  await chown(part, 12_345, 12_345);
  expect(await problemsOf("Include part\n")).toEqual(refused);
});

test("files that include each other end with one problem", async () => {
  expect(await problemsOf(`Include ${config} ${config}\nInclude ${config}\n`)).toEqual([
    `${config} line 1: Include is nested deeper than 16 files; look for files that include each other.`,
  ]);
});

test("a loop of Include inside a block that does not count is one, too", async () => {
  expect(await problemsOf(`Host nobody\n  Include ${config}\n`)).toHaveLength(1);
});

test("CanonicalizeHostname is named, because only a client looks names up", async () => {
  const answer = await read("CanonicalizeHostname yes\nCanonicalDomains lan\n");
  expect(answer.ok && answer.value.warnings).toEqual([
    expect.stringMatching(/^CanonicalizeHostname has no effect here/),
  ]);
});
