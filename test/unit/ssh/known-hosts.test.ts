import { createHmac, randomBytes } from "node:crypto";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasAuthority, knownKeyTypes, knownName, parseKnownHosts, verdict } from "../../../src/ssh/known-hosts.ts";
import { appendKnownHost, readKnownHosts } from "../../../src/ssh/known-hosts-file.ts";

/** A well-formed public key of a type; the content tells keys apart. */
function keyOf(type: string, content: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(type.length);
  return Buffer.concat([length, Buffer.from(type), Buffer.from([0, 0, 0, content.length]), Buffer.from(content)]);
}

const ed = keyOf("ssh-ed25519", "ours");
const other = keyOf("ssh-ed25519", "theirs");
const rsa = keyOf("ssh-rsa", "old");
const text = (key: Buffer) => `${key.toString("latin1", 4, 4 + key.readUInt32BE(0))} ${key.toString("base64")}`;

function hashed(name: string): string {
  const salt = randomBytes(20);
  return `|1|${salt.toString("base64")}|${createHmac("sha1", salt).update(name).digest("base64")}`;
}

describe("verdict", () => {
  test.each<[what: string, file: string, name: string, port: number, expected: string]>([
    ["an equal line", `box ${text(ed)}`, "box", 22, "ok"],
    ["upper case in the question", `box ${text(ed)}`, "BOX", 22, "ok"],
    ["upper case in the file", `Box ${text(ed)}`, "box", 22, "ok"],
    ["another key", `box ${text(other)}`, "box", 22, "changed"],
    ["another key of another type", `box ${text(rsa)}`, "box", 22, "changed"],
    ["another key and an equal one", `box ${text(rsa)}\nbox ${text(ed)}`, "box", 22, "ok"],
    ["nothing", "", "box", 22, "unknown"],
    ["another name", `box2 ${text(ed)}`, "box", 22, "unknown"],
    ["a list of names", `box,10.0.0.1 ${text(ed)}`, "10.0.0.1", 22, "ok"],
    ["a port", `[box]:2222 ${text(ed)}`, "box", 2222, "ok"],
    ["another port", `[box]:2223 ${text(ed)}`, "box", 2222, "unknown"],
    ["a portless line that is equal, for another port", `box ${text(ed)}`, "box", 2222, "ok"],
    ["a portless line with another key, for another port", `box ${text(other)}`, "box", 2222, "unknown"],
    [
      "a changed key on the port beside an equal portless line",
      `[box]:2222 ${text(other)}\nbox ${text(ed)}`,
      "box",
      2222,
      "changed",
    ],
    ["a line with a port, for port 22", `[box]:2222 ${text(other)}`, "box", 22, "unknown"],
    ["a star", `*.lan ${text(ed)}`, "box.lan", 22, "ok"],
    ["a star that must match all", `*.lan ${text(ed)}`, "box.lan.evil", 22, "unknown"],
    ["a star between", `b*x ${text(ed)}`, "bobox", 22, "ok"],
    ["a question mark", `bo? ${text(ed)}`, "box", 22, "ok"],
    ["a question mark wants a character", `box? ${text(ed)}`, "box", 22, "unknown"],
    ["a star for every port", `[*]:2222 ${text(ed)}`, "box", 2222, "ok"],
    ["a negated name", `*.lan,!box.lan ${text(ed)}`, "box.lan", 22, "unknown"],
    ["a negated name with another key", `!box.lan,*.lan ${text(other)}`, "box.lan", 22, "unknown"],
    ["a hashed name", `${hashed("box")} ${text(ed)}`, "box", 22, "ok"],
    ["a hashed name with a port", `${hashed("[box]:2222")} ${text(other)}`, "box", 2222, "changed"],
    ["a hash of another name", `${hashed("cat")} ${text(other)}`, "box", 22, "unknown"],
    ["a hash of an unknown kind", `|2|AAAA|BBBB ${text(other)}`, "box", 22, "unknown"],
    ["a revoked key", `@revoked * ${text(ed)}\nbox ${text(ed)}`, "box", 22, "revoked"],
    ["a revoked key of another host", `@revoked cat ${text(ed)}\nbox ${text(ed)}`, "box", 22, "ok"],
    ["another revoked key", `@revoked * ${text(other)}\nbox ${text(ed)}`, "box", 22, "ok"],
    ["another revoked key alone", `@revoked * ${text(other)}`, "box", 22, "unknown"],
    ["a revoked portless key, for another port", `@revoked box ${text(ed)}`, "box", 2222, "revoked"],
    ["an authority is no host key", `@cert-authority * ${text(ed)}`, "box", 22, "unknown"],
    ["an unknown marker", `@else box ${text(ed)}`, "box", 22, "unknown"],
    ["a comment", `# box ${text(other)}\n  #box ${text(other)}`, "box", 22, "unknown"],
    ["CRLF, tabs, leading blanks and a comment at the end", `\r\n \tbox\t${text(ed)} me@here\r\n`, "box", 22, "ok"],
    ["garbage", `box\nbox ssh-rsa\nbox ssh-rsa !!!\nbox 1024 65537 1234\n\0\xff`, "box", 22, "unknown"],
    ["a key that is not of the type it claims", `box ssh-rsa ${other.toString("base64")}`, "box", 22, "unknown"],
    ["IPv6", `::1 ${text(ed)}`, "::1", 22, "ok"],
    ["IPv6 with a port", `[::1]:2222 ${text(ed)}`, "::1", 2222, "ok"],
  ])("%s", (_what, file, name, port, expected) => {
    expect(verdict(parseKnownHosts(file), name, port, ed)).toBe(expected);
  });

  test("a pattern full of stars does not take for ever", () => {
    const lines = parseKnownHosts(`${"*a".repeat(30)}b ${text(ed)}`);
    expect(verdict(lines, "a".repeat(5000), 22, ed)).toBe("unknown");
  });
});

test("an alias stands for itself, without the port", () => {
  expect(knownName({ hostName: "box", port: 2222 })).toEqual(["box", 2222]);
  expect(knownName({ hostName: "box", port: 2222, hostKeyAlias: "Alias" })).toEqual(["Alias", 22]);
});

test("the known key types are those of the exact name, else of the portless one", () => {
  const lines = parseKnownHosts(`box ${text(rsa)}\n[box]:2222 ${text(ed)}\n@revoked * ${text(other)}`);
  expect(knownKeyTypes(lines, "box", 22)).toEqual(["ssh-rsa"]);
  expect(knownKeyTypes(lines, "box", 2222)).toEqual(["ssh-ed25519"]);
  expect(knownKeyTypes(lines, "box", 2223)).toEqual(["ssh-rsa"]);
  expect(knownKeyTypes(lines, "cat", 22)).toEqual([]);
});

test("an authority is found by name", () => {
  const lines = parseKnownHosts(`@cert-authority *.lan ${text(rsa)}`);
  expect(hasAuthority(lines, "box.lan", 22)).toBe(true);
  expect(hasAuthority(lines, "box", 22)).toBe(false);
});

describe("the known_hosts file", () => {
  let dir = "";
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "rc-known-"));
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));
  const host = { name: "Box", port: 2222, key: ed };

  test("several files count as one, missing ones as empty", async () => {
    await writeFile(join(dir, "a"), `box ${text(rsa)}\n`);
    await writeFile(join(dir, "b"), `box ${text(ed)}`);
    const lines = await readKnownHosts([join(dir, "a"), join(dir, "missing"), join(dir, "a", "below"), join(dir, "b")]);
    expect(lines.map((line) => line.keyType)).toEqual(["ssh-rsa", "ssh-ed25519"]);
  });

  test("one that cannot be read fails closed", async () => {
    const error = readKnownHosts([dir]);
    await expect(error).rejects.toMatchObject({ code: "config" });
    await expect(error).rejects.toThrow(dir);
  });

  test("append makes the directory and a file for the owner alone", async () => {
    const file = join(dir, "new", "known_hosts");
    expect(await appendKnownHost(file, host)).toBe("ok");
    expect(await readFile(file, "utf8")).toBe(`[box]:2222 ${text(ed)}\n`);
    if (process.platform !== "win32") expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test("append leaves every other byte and the mode alone and ends an unfinished line", async () => {
    const file = join(dir, "unfinished");
    const before = Buffer.from(`# \xff garbage\r\ncat ${text(rsa)}`, "latin1");
    await writeFile(file, before);
    await chmod(file, 0o644);
    expect(await appendKnownHost(file, host)).toBe("ok");
    expect(await readFile(file)).toEqual(Buffer.concat([before, Buffer.from(`\n[box]:2222 ${text(ed)}\n`)]));
    if (process.platform !== "win32") expect((await stat(file)).mode & 0o777).toBe(0o644);
  });

  test("append looks again under the lock", async () => {
    const file = join(dir, "meanwhile");
    await writeFile(file, `[box]:2222 ${text(other)}\n`);
    expect(await appendKnownHost(file, host)).toBe("changed");
    expect(await readFile(file, "utf8")).toBe(`[box]:2222 ${text(other)}\n`);
  });

  test("many appends at once write each key once", async () => {
    const file = join(dir, "crowd");
    await Promise.all(Array.from({ length: 20 }, () => appendKnownHost(file, host)));
    expect(await readFile(file, "utf8")).toBe(`[box]:2222 ${text(ed)}\n`);
  });

  test("a lock that was left behind does not block for ever", async () => {
    const file = join(dir, "stale");
    const { utimes } = await import("node:fs/promises");
    await writeFile(`${file}.lock`, "");
    await utimes(`${file}.lock`, new Date(0), new Date(0));
    expect(await appendKnownHost(file, host)).toBe("ok");
  });

  test.runIf(process.platform !== "win32")("/dev/null takes the line and keeps nothing", async () => {
    expect(await appendKnownHost("/dev/null", host)).toBe("ok");
    expect(await readKnownHosts(["/dev/null"])).toEqual([]);
  });
});
