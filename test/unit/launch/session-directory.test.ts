import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseSshCommand } from "../../../src/config/ssh-command.ts";
import { makeSessionDirectory, sessionDirectory } from "../../../src/launch/session-directory.ts";

function directory(command: string, workdir?: string): string {
  const parsed = parseSshCommand(command);
  if (!parsed.ok) throw new Error(parsed.problems.join(" "));
  return sessionDirectory("/home/me", { ssh: parsed.value, workdir });
}

describe("the directory of a target", () => {
  test.each([
    ["ssh dev@box", "/srv", "dev@box_srv"],
    ["ssh box.example", undefined, "box.example_~"],
    ["ssh -p 22 dev@box", "/srv", "dev@box_srv"],
  ])("of %j in %j is plain to read", (command, workdir, name) => {
    expect(directory(command, workdir)).toBe(join("/home/me/.opencode/remote-sessions", name));
  });

  test("is another one for every other target, also where case is ignored", () => {
    const commands = [
      "ssh box",
      "ssh Box",
      "ssh dev@box",
      "ssh box-2222",
      "ssh -p 2222 box",
      "ssh -p 2223 box",
      "ssh box_srv",
      "ssh ::1",
      "ssh ::1:2222",
      "ssh -p 2222 ::1",
    ];
    const long = `/${"x".repeat(70)}`;
    const workdirs = [
      undefined,
      "/",
      "/root",
      "/home",
      "/~",
      "/srv",
      "/Srv",
      "/srv/app",
      "/srv-app",
      "/srv_app",
      "/x",
      "/x_y",
      "/é",
      "/e",
      long,
      `${long}y`,
    ];
    const all = commands.flatMap((command) => workdirs.map((workdir) => directory(command, workdir)));
    expect(new Set(all.map((each) => each.toLowerCase())).size).toBe(all.length);
    for (const each of all) expect(basename(each)).toMatch(/^[\w@.~-]{1,150}$/);
  });
});

describe("making it", () => {
  let base: string;
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), "rc-session-"));
  });
  afterEach(() => rm(base, { recursive: true, force: true }));

  test("gives a private directory with a repository and an id of its own, and can be done again", async () => {
    const [one, two] = [join(base, "deep/one"), join(base, "deep/two")];
    for (const each of [one, two, one]) await makeSessionDirectory(each);
    expect((await stat(one)).mode & 0o777).toBe(0o700);
    expect(execFileSync("git", ["rev-parse", "--show-toplevel"], { cwd: one }).toString().trim()).toBe(one);
    const ids = await Promise.all([one, two].map((each) => readFile(join(each, ".git/opencode"), "utf8")));
    expect(new Set(ids).size).toBe(2);
  });

  test("keeps the id that is there", async () => {
    const one = join(base, "one");
    await makeSessionDirectory(one);
    await writeFile(join(one, ".git/opencode"), "kept");
    await makeSessionDirectory(one);
    expect(await readFile(join(one, ".git/opencode"), "utf8")).toBe("kept");
  });
});
