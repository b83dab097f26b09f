import { describe, expect, test } from "vitest";
import {
  hasAuthority,
  isRecordable,
  knownHostLine,
  knownKeyTypes,
  knownName,
  otherNames,
  parseKnownHosts,
  uncheckableTypes,
  verdict,
} from "../../../src/ssh/known-hosts.ts";
import { bytesOf, dss, ed25519, hashedName, keyOf, keyText, rsa, skEd25519 } from "../../support/host-keys.ts";

const ours = ed25519("ours");
const theirs = ed25519("theirs");
const old = rsa("old");
const ed = keyText(ours);
const other = keyText(theirs);
const base64 = ours.toString("base64");
const foreign = keyText(keyOf("ssh-mldsa-65", bytesOf("later", 40)));

describe("verdict", () => {
  test.each<[what: string, file: string, name: string, port: number, expected: string]>([
    ["an equal line", `box ${ed}`, "box", 22, "ok"],
    ["upper case in the question", `box ${ed}`, "BOX", 22, "ok"],
    ["upper case in the file", `Box ${ed}`, "box", 22, "ok"],
    ["a letter whose small form is an ASCII one", `\xe2\x84\xaa ${ed}`, "k", 22, "unknown"],
    ["such a letter in the question", `k ${other}`, "\u212a", 22, "unknown"],
    ["another key", `box ${other}`, "box", 22, "changed"],
    ["another key of another type", `box ${keyText(old)}`, "box", 22, "changed"],
    ["another key and an equal one", `box ${keyText(old)}\nbox ${ed}`, "box", 22, "ok"],
    ["an equal one and another key", `box ${ed}\nbox ${other}`, "box", 22, "ok"],
    ["nothing", "", "box", 22, "unknown"],
    ["another name", `box2 ${ed}`, "box", 22, "unknown"],
    ["a list of names", `box,10.0.0.1 ${ed}`, "10.0.0.1", 22, "ok"],
    ["a port", `[box]:2222 ${ed}`, "box", 2222, "ok"],
    ["another port", `[box]:2223 ${ed}`, "box", 2222, "unknown"],
    ["port 22 in brackets is never looked up", `[box]:22 ${other}`, "box", 22, "unknown"],
    ["a portless line that is equal, for another port", `box ${ed}`, "box", 2222, "ok"],
    ["a portless line with another key, for another port", `box ${other}`, "box", 2222, "unknown"],
    [
      "a changed key on the port beside an equal portless line",
      `[box]:2222 ${other}\nbox ${ed}`,
      "box",
      2222,
      "changed",
    ],
    ["a line with a port, for port 22", `[box]:2222 ${other}`, "box", 22, "unknown"],
    ["a star", `*.lan ${ed}`, "box.lan", 22, "ok"],
    ["a star that must match all", `*.lan ${ed}`, "box.lan.evil", 22, "unknown"],
    ["a star between", `b*x ${ed}`, "bobox", 22, "ok"],
    ["a question mark", `bo? ${ed}`, "box", 22, "ok"],
    ["a question mark wants a character", `box? ${ed}`, "box", 22, "unknown"],
    ["a question mark is one byte", `b\xc3? ${ed}`, "bö", 22, "ok"],
    ["a star for every port", `[*]:2222 ${ed}`, "box", 2222, "ok"],
    ["a star also takes the brackets", `* ${other}`, "box", 2222, "changed"],
    ["a negated name", `*.lan,!box.lan ${ed}`, "box.lan", 22, "unknown"],
    ["a negated name with another key", `!box.lan,*.lan ${other}`, "box.lan", 22, "unknown"],
    ["a pattern too long for OpenSSH discards the line", `box,${"a".repeat(1023)} ${ed}`, "box", 22, "unknown"],
    ["a long pattern", `box,${"a".repeat(1022)} ${ed}`, "box", 22, "ok"],
    ["a hashed name", `${hashedName("box")} ${ed}`, "box", 22, "ok"],
    ["a hashed name in upper case in the question", `${hashedName("box")} ${ed}`, "Box", 22, "ok"],
    ["a hashed name with a port", `${hashedName("[box]:2222")} ${other}`, "box", 2222, "changed"],
    ["a hash of another name", `${hashedName("cat")} ${other}`, "box", 22, "unknown"],
    ["a hash of an unknown kind", `${hashedName("box").replace("|1", "|2")} ${ed}`, "box", 22, "unknown"],
    ["a hash with more behind it", `${hashedName("box")}|x ${ed}`, "box", 22, "unknown"],
    ["a hash in a list", `${hashedName("box")},box ${ed}`, "box", 22, "unknown"],
    ["a hash with a short salt", `${hashedName("box", bytesOf("short", 4))} ${ed}`, "box", 22, "unknown"],
    ["a revoked key", `@revoked * ${ed}\nbox ${ed}`, "box", 22, "revoked"],
    ["a revoked key, after the equal line", `box ${ed}\n@revoked box ${ed}`, "box", 22, "revoked"],
    ["a revoked key of another host", `@revoked cat ${ed}\nbox ${ed}`, "box", 22, "ok"],
    ["another revoked key", `@revoked * ${other}\nbox ${ed}`, "box", 22, "ok"],
    ["another revoked key alone", `@revoked * ${other}`, "box", 22, "unknown"],
    ["a revoked key beside another one", `@revoked * ${ed}\nbox ${other}`, "box", 22, "revoked"],
    ["a revoked portless key, for another port", `@revoked box ${ed}`, "box", 2222, "revoked"],
    ["an authority is no host key", `@cert-authority * ${ed}`, "box", 22, "unknown"],
    ["an unknown marker", `@else box ${ed}`, "box", 22, "unknown"],
    ["two markers", `@revoked @revoked box ${ed}`, "box", 22, "unknown"],
    ["a marker that ends with a tab, as OpenSSH reads it", `@revoked\tbox ${ed}`, "box", 22, "unknown"],
    ["a marker in a line of tabs", `@revoked\tbox\t${ed.replace(" ", "\t")}`, "box", 22, "revoked"],
    ["a comment", `# box ${other}\n  #box ${other}\n\t# box ${other}`, "box", 22, "unknown"],
    ["CRLF, tabs, leading blanks and a comment at the end", `\r\n \tbox\t${ed} me@here\r\n`, "box", 22, "ok"],
    ["a carriage return alone ends no line", `cat ${other}\rbox ${ed}`, "box", 22, "unknown"],
    ["a NUL ends what is read of a line", `box ${ed}\0 box\n\0box ${other}`, "box", 22, "ok"],
    ["garbage", `box\nbox ssh-rsa\nbox ssh-rsa !!!\nbox 1024 65537 1234\n\0\xff`, "box", 22, "unknown"],
    ["garbage within the key", `box ssh-ed25519 ${base64.slice(0, 30)}!${base64.slice(30)}`, "box", 22, "unknown"],
    ["a key without its last character", `box ssh-ed25519 ${base64.slice(0, -1)}`, "box", 22, "unknown"],
    ["a key with something behind it", `box ssh-ed25519 ${base64}AAAA`, "box", 22, "unknown"],
    ["a key that is not of the type it claims", `box ssh-rsa ${theirs.toString("base64")}`, "box", 22, "unknown"],
    ["a type that OpenSSH lacks", `box ${foreign}`, "box", 22, "unknown"],
    ["a FIDO key", `box ${keyText(skEd25519("token"))}`, "box", 22, "changed"],
    ["an RSA key too short for OpenSSH", `box ${keyText(rsa("short", 96))}`, "box", 22, "unknown"],
    ["an RSA key under the name of its signatures", `box rsa-sha2-512 ${old.toString("base64")}`, "box", 22, "changed"],
    ["a very long line", `box ${ed} ${"x".repeat(1_000_000)}`, "box", 22, "ok"],
    ["IPv6", `::1 ${ed}`, "::1", 22, "ok"],
    ["IPv6 with a port", `[::1]:2222 ${ed}`, "::1", 2222, "ok"],
  ])("%s", (_what, file, name, port, expected) => {
    expect(verdict(parseKnownHosts(file), name, port, ours)).toBe(expected);
  });

  test("a revoked RSA key does not pass by being spelt differently", () => {
    const [exponent = Buffer.alloc(0), modulus = Buffer.alloc(0)] = [Buffer.from([1, 0, 1]), old.subarray(22)];
    const respelt = keyOf("ssh-rsa", Buffer.concat([Buffer.from([0, 0]), exponent]), modulus);
    expect(respelt.equals(old)).toBe(false);
    expect(verdict(parseKnownHosts(`@revoked * ${keyText(old)}`), "box", 22, respelt)).toBe("revoked");
    expect(verdict(parseKnownHosts(`box ${keyText(respelt)}`), "box", 22, old)).toBe("ok");
  });

  test("a pattern full of stars does not take for ever", () => {
    const lines = parseKnownHosts(`${"*a".repeat(30)}b ${ed}`);
    expect(verdict(lines, "a".repeat(5000), 22, ours)).toBe("unknown");
  });
});

test("an alias stands for itself, without the port", () => {
  expect(knownName({ hostName: "box", port: 2222 })).toEqual(["box", 2222]);
  expect(knownName({ hostName: "box", port: 2222, hostKeyAlias: "Alias" })).toEqual(["Alias", 22]);
});

test("the known key types are those of the exact name, else of the portless one; a revoked key's is not among them", () => {
  const lines = parseKnownHosts(`box ${keyText(old)}\n[box]:2222 ${ed}\n@revoked * ${other}\nbox,cat ${other}`);
  expect(knownKeyTypes(lines, "box", 22)).toEqual(["ssh-rsa"]);
  expect(knownKeyTypes(lines, "box", 2222)).toEqual(["ssh-ed25519"]);
  expect(knownKeyTypes(lines, "box", 2223)).toEqual(["ssh-rsa"]);
  expect(knownKeyTypes(lines, "cat", 22)).toEqual([]);
});

test("an authority is found by name", () => {
  const lines = parseKnownHosts(`@cert-authority *.lan ${keyText(old)}`);
  expect(hasAuthority(lines, "box.lan", 22)).toBe(true);
  expect(hasAuthority(lines, "box", 22)).toBe(false);
});

test.each<[file: string, offered: string[], expected: string[]]>([
  ["", [], []],
  [`box ${ed}`, [], []],
  [`box ${keyText(skEd25519("token"))}`, ["ssh-ed25519"], ["sk-ssh-ed25519@openssh.com"]],
  [`box ${keyText(skEd25519("token"))}\nbox ${ed}`, ["ssh-ed25519"], []],
  [`[box]:2222 ${keyText(skEd25519("token"))}`, ["ssh-ed25519"], []],
  [`box ${foreign}`, ["ssh-ed25519"], ["ssh-mldsa-65"]],
  [`box ${keyText(dss("old"))}`, ["ssh-ed25519"], ["ssh-dss"]],
  [`box ${keyText(dss("old"))}`, ["ssh-ed25519", "ssh-dss"], []],
])("types that cannot be checked, case %#", (file, offered, expected) => {
  expect(uncheckableTypes(parseKnownHosts(file), ["box", 22], offered)).toEqual(expected);
});

test("other names of a key are told, hashed ones as such", () => {
  const lines = parseKnownHosts(`a,b ${ed}\n${hashedName("c")} ${ed}\nd ${other}\n@revoked e ${ed}\nf ${ed}`);
  expect(otherNames(lines, ours, 2)).toEqual(["a,b", "a hashed name"]);
  expect(otherNames(lines, rsa("nobody's"), 2)).toEqual([]);
});

test("a name that would match other machines or break the line is not recordable", () => {
  for (const name of ["box", "box.lan", "10.0.0.1", "fe80::1%eth0", "bö"]) expect(isRecordable(name)).toBe(true);
  for (const name of ["", "*", "b?x", "a,b", "!a", "a b", "a\tb", "a\nb", "#a", "@a", "|1|a", "[a]:1", "a\0"])
    expect([name, isRecordable(name)]).toEqual([name, false]);
});

test("a line is plain or hashed with a salt of its own", () => {
  const host = { name: "Box", port: 2222, key: ours };
  expect(knownHostLine(host)).toBe(`[box]:2222 ${ed}\n`);
  const [one, two] = [knownHostLine({ ...host, isHashed: true }), knownHostLine({ ...host, isHashed: true })];
  expect(one).toMatch(/^\|1\|[\w+/]{27}=\|[\w+/]{27}= ssh-ed25519 \S+\n$/);
  expect(one).not.toBe(two);
  expect(verdict(parseKnownHosts(one), "box", 2222, ours)).toBe("ok");
  expect(verdict(parseKnownHosts(one), "box", 2223, ours)).toBe("unknown");
});
