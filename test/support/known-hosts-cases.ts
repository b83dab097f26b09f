import { bytesOf, dss, ed25519, hashedName, keyOf, keyText, rsa, skEd25519 } from "./host-keys.ts";

/** One question to OpenSSH and to us: what do these files say about this machine's key? */
export interface KnownHostsCase {
  what: string;
  /** Of the user's two files, then the global two; as bytes. */
  files: string[];
  host: string;
  port: number;
  alias?: string;
}

/** Each alone in the first file, about `box` port 22. */
function singleLines(key: string): [what: string, text: string][] {
  const [type = "", base64 = ""] = key.split(" ");
  const other = keyText(ed25519("other"));
  const someRsa = rsa("rsa").toString("base64");
  return [
    ["nothing", ""],
    ["an equal line", `box ${key}`],
    ["another key", `box ${other}`],
    ["another type", `box ${keyText(rsa("old"))}`],
    ["FIDO", `box ${keyText(skEd25519("token"))}`],
    ["DSA", `box ${keyText(dss("old"))}`],
    ["equal and another", `box ${other}\nbox ${key}\nbox ${keyText(rsa("old"))}`],
    ["a list", `cat,box,10.0.0.1 ${key}`],
    ["empty patterns", `,box,, ${key}`],
    ["upper case", `BOX ${key}`],
    ["not ASCII", `b\xc3\x96x,box ${key}`],
    ["stars", `b*,*x ${other}`],
    ["question marks", `b?x,???? ${key}`],
    ["negated last", `*,!box ${key}`],
    ["negated first", `!b*,box ${other}`],
    ["a lone negation", `!cat ${key}`],
    ["two exclamation marks", `!!box,box ${key}`],
    ["a pattern of 1022", `${"a".repeat(1022)},box ${key}`],
    ["a pattern of 1023", `box,${"a".repeat(1023)} ${key}`],
    ["hashed", `${hashedName("box")} ${key}`],
    ["hashed, upper case", `${hashedName("BOX")} ${key}`],
    ["hashed, another key", `${hashedName("box")} ${other}`],
    ["hashed, version 2", `${hashedName("box").replace("|1|", "|2|")} ${key}`],
    ["hashed, more behind it", `${hashedName("box")}|x ${key}`],
    ["hashed in a list", `${hashedName("box")},box ${key}`],
    ["hashed with a short salt", `${hashedName("box", bytesOf("short", 4))} ${key}`],
    ["hashed without a salt", `|1||${hashedName("box").split("|")[3]} ${key}`],
    ["revoked", `@revoked * ${key}\nbox ${key}`],
    ["revoked after", `box ${key}\n@revoked box ${key}`],
    ["revoked alone", `@revoked box ${key}`],
    ["revoked beside another key", `box ${other}\n@revoked box ${key}`],
    ["another revoked", `@revoked * ${other}\nbox ${key}`],
    ["revoked elsewhere", `@revoked cat ${key}\nbox ${key}`],
    ["revoked, hashed", `@revoked ${hashedName("box")} ${key}`],
    ["an authority", `@cert-authority * ${key}`],
    ["an authority and a plain line", `@cert-authority * ${other}\nbox ${key}`],
    ["an unknown marker", `@other box ${key}`],
    ["two markers", `@revoked @revoked box ${key}`],
    ["a marker alone", "@revoked"],
    ["a marker before a tab", `@revoked\tbox ${key}`],
    ["tabs everywhere", `@revoked\tbox\t${type}\t${base64}`],
    ["a marker in upper case", `@REVOKED box ${key}`],
    ["blanks before a marker", ` \t @revoked box ${key}`],
    ["comments", `#box ${other}\n  # box ${other}\n\t#box ${other}`],
    ["a comment behind the key", `box ${key} # box ${other}`],
    ["a comment instead of a key", `box # ${key}`],
    ["CRLF", `\r\ncat ${other}\r\nbox ${key}\r\n`],
    ["CR only", `cat ${other}\rbox ${key}\r`],
    ["CR behind the name", `box\r ${key}`],
    ["form feeds", `\fbox ${other}\nbox\v${key}`],
    ["a byte order mark", `\xef\xbb\xbfbox ${other}`],
    ["NUL behind the key", `box ${key}\0garbage\nbox2 ${other}`],
    ["NUL first", `\0box ${other}`],
    ["NUL within the key", `box ${key.slice(0, 40)}\0${key.slice(40)}`],
    ["no newline at the end", `cat ${other}\nbox ${key}`],
    ["garbage", `box\nbox ssh-rsa\nbox ssh-rsa !!!\nbox 1024 65537 1234567\n\xff\xfe\n${"z".repeat(5000)}`],
    ["garbage before a good line", `box ssh-rsa AAAA\nbox ${key}`],
    ["a very long line", `box ${key} ${"x".repeat(200_000)}`],
    ["very many names", `${Array.from({ length: 5000 }, (_, index) => `n${index}`).join(",")},box ${other}`],
    ["garbage within the key", `box ${type} ${base64.slice(0, 30)}!${base64.slice(30)}`],
    ["blanks within the key", `box ${type} ${base64.slice(0, 30)}\r\v\f${base64.slice(30)}`],
    ["a key without its end", `box ${type} ${base64.slice(0, -1)}`],
    ["a key with padding", `box ${type} ${base64}====`],
    ["a key with something behind it", `box ${type} ${base64}AAAA`],
    ["a key of half the length", `box ${type} ${base64.slice(0, 40)}`],
    ["the wrong type", `box ssh-rsa ${base64}`],
    ["the type in upper case", `box ${type.toUpperCase()} ${base64}`],
    ["a short name of the type", `box ed25519 ${base64}`],
    ["RSA by the name of a signature", `box rsa-sha2-512 ${someRsa}`],
    ["RSA of 1016 bits", `box ${keyText(rsa("short", 127))}`],
    ["RSA of 1024 bits", `box ${keyText(rsa("short", 128))}`],
    ["a negative modulus", `box ${keyText(keyOf("ssh-rsa", Buffer.from([3]), Buffer.alloc(256, 0x80)))}`],
    ["an Ed25519 key of 31 bytes", `box ${keyText(keyOf("ssh-ed25519", bytesOf("cut", 31)))}`],
    [
      "a curve by another name",
      `box ${keyText(keyOf("ecdsa-sha2-nistp256", Buffer.from("nistp384"), bytesOf("p", 65)))}`,
    ],
    ["a type that nobody has", `box ${keyText(keyOf("ssh-other", bytesOf("other", 32)))}`],
    [
      "an equal line behind a type that nobody has",
      `box ${keyText(keyOf("ssh-other", bytesOf("other", 32)))}\nbox ${key}`,
    ],
  ];
}

function questions(key: string): KnownHostsCase[] {
  const other = keyText(ed25519("other"));
  const ask = (what: string, files: string[], host: string, port = 22, alias?: string): KnownHostsCase => ({
    what,
    files,
    host,
    port,
    alias,
  });
  return [
    ask("upper case in the question", [`box ${key}`], "BOX"),
    ask("a port", [`[box]:2222 ${key}`], "box", 2222),
    ask("another port", [`[box]:2223 ${other}`], "box", 2222),
    ask("a port, hashed", [`${hashedName("[box]:2222")} ${other}`], "box", 2222),
    ask("port 22 in brackets", [`[box]:22 ${other}`], "box"),
    ask("portless and equal", [`box ${key}`], "box", 2222),
    ask("portless and hashed", [`${hashedName("box")} ${key}`], "box", 2222),
    ask("portless and another key", [`box ${other}`], "box", 2222),
    ask("portless and revoked", [`@revoked box ${key}`], "box", 2222),
    ask("portless and equal, another key with the port", [`box ${key}\n[box]:2222 ${other}`], "box", 2222),
    ask("a star and a port", [`* ${other}`], "box", 2222),
    ask("a star for the port", [`[box]:* ${key}`], "box", 2222),
    ask("negated for the port only", [`*,![box]:2222 ${key}`], "box", 2222),
    ask("an address", [`10.0.0.1 ${key}`], "10.0.0.1"),
    ask("an address with a port", [`[10.0.0.1]:2222 ${other}`], "10.0.0.1", 2222),
    ask("IPv6", [`::1 ${key}`], "::1"),
    ask("IPv6 with a port", [`[::1]:2222 ${other}`], "::1", 2222),
    ask("an alias", [`alias ${key}\nbox ${other}`], "box", 22, "alias"),
    ask("an alias in upper case", [`alias ${key}`], "box", 22, "ALIAS"),
    ask("an alias goes without the port", [`alias ${other}\n[alias]:2222 ${key}`], "box", 2222, "alias"),
    ask("an alias, and only the host is known", [`box ${key}`], "box", 22, "alias"),
    ask("the second file", ["", `box ${key}`], "box"),
    ask("the global file", ["", "", `box ${key}`], "box"),
    ask("the second global file", ["", "", "", `box ${other}`], "box"),
    ask("ok for the user, another key globally", [`box ${key}`, "", `box ${other}`], "box"),
    ask("another key for the user, ok globally", [`box ${other}`, "", `box ${key}`], "box"),
    ask("revoked globally", [`box ${key}`, "", "", `@revoked * ${key}`], "box"),
    ask("revoked by the user", [`@revoked * ${key}`, "", `box ${key}`], "box"),
  ];
}

const names = [
  "box",
  "BOX",
  "b*",
  "[box]:2222",
  "[*]:22?2",
  "cat",
  "*",
  "!box",
  "!cat",
  "alias",
  "10.0.0.1",
  "b?x,cat",
];
const shapes = ["plain", "plain", "plain", "hashed", "@revoked", "@cert-authority", "#", "cut"] as const;
const ends = ["\n", "\n", "\r\n", " a comment\n", "\t\n", "\n\n"];

/** Files of up to six lines each, drawn from the same parts in the same order in every run. */
function drawn(key: string, count: number): KnownHostsCase[] {
  // Numerical Recipes' linear congruential generator.
  let state = 20_240_601;
  const draw = <T>(list: readonly T[]): T => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return list[Math.floor((state / 2 ** 32) * list.length)] as T;
  };
  const keys = [key, key, key, keyText(ed25519("other")), keyText(rsa("old")), keyText(skEd25519("token"))];
  const line = (): string => {
    const [shape, name, shown] = [draw(shapes), draw(names), draw(keys)];
    const field = shape === "hashed" ? hashedName(name.toLowerCase()) : draw([name, `${name},${draw(names)}`]);
    const marker = shape.startsWith("@") ? `${shape} ` : shape === "#" ? "#" : "";
    return `${marker}${field} ${shape === "cut" ? shown.slice(0, 50) : shown}${draw(ends)}`;
  };
  const text = (): string => Array.from({ length: draw([0, 1, 1, 2, 3]) }, line).join("");
  return Array.from({ length: count }, (_, index) => ({
    what: `drawn ${index}`,
    files: [text(), text(), draw(["", text()]), ""],
    host: draw(["box", "box", "Box", "10.0.0.1"]),
    port: draw([22, 22, 2222]),
    alias: draw([undefined, undefined, undefined, "alias"]),
  }));
}

/** `key`: type and base64 of the key that the server shows. */
export const knownHostsCases = (key: string): KnownHostsCase[] => [
  ...singleLines(key).map(([what, text]) => ({ what, files: [text], host: "box", port: 22 })),
  ...questions(key),
  ...drawn(key, 48),
];
