import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, chmod, lstat, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseKnownHosts, verdict } from "../../../src/ssh/known-hosts.ts";
import { appendKnownHost, readKnownHosts } from "../../../src/ssh/known-hosts-file.ts";
import { ed25519, keyText, rsa } from "../../support/host-keys.ts";

const ours = ed25519("ours");
const host = { name: "Box", port: 2222, key: ours };
const line = `[box]:2222 ${keyText(ours)}\n`;
const otherLine = `[box]:2222 ${keyText(ed25519("theirs"))}\n`;

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "rc-known-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe("reading", () => {
  test("several files count as one, missing ones as empty", async () => {
    await writeFile(join(dir, "a"), `box ${keyText(rsa("old"))}\n`);
    await writeFile(join(dir, "b"), `box ${keyText(ours)}`);
    const lines = await readKnownHosts([join(dir, "a"), join(dir, "missing"), join(dir, "a", "below"), join(dir, "b")]);
    expect(lines.map((one) => one.keyType)).toEqual(["ssh-rsa", "ssh-ed25519"]);
  });

  test("a file that cannot be read fails closed", async () => {
    const error = readKnownHosts([dir]);
    await expect(error).rejects.toMatchObject({ code: "config" });
    await expect(error).rejects.toThrow(`Cannot read the known host keys in ${dir} (EISDIR)`);
  });
});

describe("appending", () => {
  test("makes the directory and a file, for the owner alone", async () => {
    const file = join(dir, "new", "known_hosts");
    expect(await appendKnownHost(file, host)).toBe("ok");
    expect(await readFile(file, "utf8")).toBe(line);
    if (process.platform === "win32") return;
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(dir, "new"))).mode & 0o777).toBe(0o700);
  });

  test("leaves every other byte and the mode alone and ends an unfinished line", async () => {
    const file = join(dir, "unfinished");
    const before = Buffer.from(`# \xff garbage \0\r\ncat ${keyText(rsa("old"))}`, "latin1");
    await writeFile(file, before);
    await chmod(file, 0o644);
    expect(await appendKnownHost(file, host)).toBe("ok");
    expect(await readFile(file)).toEqual(Buffer.concat([before, Buffer.from(`\n${line}`)]));
    if (process.platform !== "win32") expect((await stat(file)).mode & 0o777).toBe(0o644);
  });

  test("writes a hash where names are to be hashed, and finds it again", async () => {
    const file = join(dir, "hashed");
    expect(await appendKnownHost(file, { ...host, isHashed: true })).toBe("ok");
    const text = await readFile(file, "utf8");
    expect(text).toMatch(/^\|1\|[\w+/]{27}=\|[\w+/]{27}= ssh-ed25519 \S+\n$/);
    expect(await appendKnownHost(file, { ...host, isHashed: true })).toBe("ok");
    expect(await readFile(file, "utf8")).toBe(text);
  });

  test.each([
    ["changed", otherLine],
    ["revoked", `@revoked * ${keyText(ours)}\n`],
    ["ok", line],
  ])("writes nothing when the file says by then: %s", async (answer, text) => {
    const file = join(dir, `meanwhile-${answer}`);
    await writeFile(file, text);
    expect(await appendKnownHost(file, host)).toBe(answer);
    expect(await readFile(file, "utf8")).toBe(text);
  });

  test.runIf(process.platform !== "win32")("follows a symbolic link, which stays one", async () => {
    const [file, link] = [join(dir, "behind"), join(dir, "link")];
    await writeFile(file, "# mine\n");
    await symlink(file, link);
    expect(await appendKnownHost(link, host)).toBe("ok");
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect(await readFile(file, "utf8")).toBe(`# mine\n${line}`);
  });

  test("of the same key by many at once writes it once, and leaves no lock", async () => {
    const file = join(dir, "crowd");
    await Promise.all(Array.from({ length: 20 }, () => appendKnownHost(file, host)));
    expect(await readFile(file, "utf8")).toBe(line);
    expect((await readdir(dir)).filter((name) => name.startsWith("crowd"))).toEqual(["crowd"]);
  });

  test("of two keys for one name at once lets one in, and tells the other that it changed", async () => {
    const file = join(dir, "rivals");
    const answers = await Promise.all(
      ["ours", "theirs"].map((seed) => appendKnownHost(file, { ...host, key: ed25519(seed) })),
    );
    expect(answers.sort()).toEqual(["changed", "ok"]);
    expect(parseKnownHosts(await readFile(file, "latin1")).length).toBe(1);
  });

  test("by several processes at once: every line lands whole, beside those of writers without a lock", async () => {
    const file = join(dir, "processes");
    const script = join(dir, "append.mjs");
    const entry = fileURLToPath(new URL("../../support/append-known-host.ts", import.meta.url));
    await build({ entryPoints: [entry], outfile: script, bundle: true, platform: "node", format: "esm" });
    const names = Array.from({ length: 4 }, (_, index) => `host${index}`);
    const children = names.map((name) => spawn(process.execPath, [script, file, name, "22", ours.toString("base64")]));
    try {
      await Promise.all(children.map(({ stdout }) => once(stdout, "data")));
      const said = children.map(async ({ stdout, stdin }) => {
        stdin.write("go\n");
        return String((await once(stdout, "data"))[0]);
      });
      // As ssh does: it knows no lock.
      const without = Array.from({ length: 20 }, (_, index) => `ssh${index} ${keyText(ours)}\n`);
      for (const one of without) await appendFile(file, one);
      expect(await Promise.all(said)).toEqual(names.map(() => "ok\n"));
      const text = await readFile(file, "latin1");
      const expected = [...without, ...names.map((name) => `${name} ${keyText(ours)}\n`)];
      expect(text.match(/.*\n/g)?.sort()).toEqual(expected.sort());
    } finally {
      for (const child of children) child.kill();
    }
  });

  test("goes on without a lock whose owner died, and clears it away", async () => {
    const file = join(dir, "stale");
    await writeFile(`${file}.lock`, "");
    expect(await appendKnownHost(file, host)).toBe("ok");
    expect(await readFile(file, "utf8")).toBe(line);
    expect((await readdir(dir)).filter((name) => name.startsWith("stale"))).toEqual(["stale"]);
  });

  test("that waits for a lock ends with its signal and writes nothing", async () => {
    const file = join(dir, "aborted");
    await writeFile(`${file}.lock`, "");
    const controller = new AbortController();
    const appending = appendKnownHost(file, host, controller.signal);
    controller.abort(new Error("enough"));
    await expect(appending).rejects.toThrow("enough");
    await expect(readFile(file)).rejects.toThrow("ENOENT");
  });

  test("where no lock can be made needs none", async () => {
    // The name of the lock would be longer than a file system allows.
    const long = join(dir, "n".repeat(253));
    expect(await appendKnownHost(long, host)).toBe("ok");
    expect(verdict(await readKnownHosts([long]), "box", 2222, ours)).toBe("ok");
  });

  test.runIf(process.platform !== "win32")("to /dev/null keeps nothing", async () => {
    expect(await appendKnownHost("/dev/null", host)).toBe("ok");
    expect(await readKnownHosts(["/dev/null"])).toEqual([]);
  });
});
