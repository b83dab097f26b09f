import { createHmac, randomBytes } from "node:crypto";
import { canonicalKey, decodeBase64, isKeyType, keyTypeOf, typeOfKey } from "./known-key.ts";

export { typeOfKey };

/** One usable line of a known_hosts file (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
export interface KnownHostLine {
  marker?: "revoked" | "cert-authority";
  /** The first field as written, one character for each byte: a list of patterns or one hashed name. */
  names: string;
  keyType: string;
  /** The public key as it travels over the wire, in canonical form. */
  key: Buffer;
}

export type Verdict = "ok" | "changed" | "unknown" | "revoked";

/** Longest pattern in a list, in bytes; with a longer one OpenSSH ignores the line (match_pattern_list). */
const longestPattern = 1022;
/** The salt of a hashed name, in bytes: as long as the SHA-1 that it is for. */
const saltBytes = 20;

/** The name that known_hosts holds for a target, and the port that goes with it. An alias stands for itself alone. */
export function knownName(target: {
  hostName: string;
  port: number;
  hostKeyAlias?: string;
}): [name: string, port: number] {
  return target.hostKeyAlias === undefined ? [target.hostName, target.port] : [target.hostKeyAlias, 22];
}

/** The name as it stands in the file: lower case, `[name]:port` unless the port is 22. */
export const written = (name: string, port: number): string => {
  const lower = lowerCase(name);
  return port === 22 ? lower : `[${lower}]:${port}`;
};

/** Of ASCII alone: other alphabets have letters whose small form is an ASCII letter of another name. */
const lowerCase = (text: string): string => text.replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase());

/**
 * Whether a name may be written to known_hosts: it must neither match other machines nor end its field. The characters
 * are those that OpenSSH refuses, blanks, and the comma and exclamation mark of a list.
 */
export const isRecordable = (name: string): boolean => name !== "" && !/[@?*#[\]|'"\\,!\s\0-\x1f\x7f]/.test(name);

/** One line for the file, its newline included. */
export function knownHostLine(host: { name: string; port: number; key: Buffer; isHashed?: boolean }): string {
  const name = written(host.name, host.port);
  const shown = host.isHashed ? hashed(name, randomBytes(saltBytes)) : name;
  const { type, key } = canonicalKey(host.key) ?? { type: typeOfKey(host.key), key: host.key };
  return `${shown} ${type} ${key.toString("base64")}\n`;
}

/**
 * The lines that OpenSSH would heed; comments, garbage and unknown markers are left out. `text` has one character for each
 * byte (latin1). A line with a well-formed key of a type that OpenSSH lacked so
 * far is kept, though it never decides: see `uncheckableTypes`.
 */
export function parseKnownHosts(text: string): KnownHostLine[] {
  return text.split("\n").flatMap((line) => parseLine(line) ?? []);
}

function parseLine(line: string): KnownHostLine | undefined {
  // OpenSSH's lines are C strings.
  const [start = ""] = line.split("\0", 1);
  const marked = splitMarker(start.replace(/^[ \t]+/, ""));
  const fields = marked && /^([^ \t]+)[ \t]+([^ \t]+)[ \t]+([^ \t]+)/.exec(marked.rest);
  if (!fields || fields[0].startsWith("#")) return undefined;
  const [, names = "", type = "", base64 = ""] = fields;
  const decoded = decodeBase64(base64);
  const found = decoded && canonicalKey(decoded);
  if (!found || found.type !== keyTypeOf(type)) return undefined;
  return { marker: marked.marker, names, keyType: found.type, key: found.key };
}

/** As OpenSSH does: the marker goes to the first space; only in a line without any, to the first tab. */
function splitMarker(line: string): { marker?: KnownHostLine["marker"]; rest: string } | undefined {
  if (!line.startsWith("@")) return { rest: line };
  const space = line.indexOf(" ");
  const end = space < 0 ? line.indexOf("\t") : space;
  const marker = line.slice(0, end);
  const rest = line.slice(end).replace(/^[ \t]+/, "");
  if (end < 0 || rest.startsWith("@")) return undefined;
  if (marker === "@revoked") return { marker: "revoked", rest };
  return marker === "@cert-authority" ? { marker: "cert-authority", rest } : undefined;
}

/**
 * OpenSSH's rule. An equal revoked line: `revoked`. An equal plain line: `ok`. A plain line with another key, of whatever
 * type: `changed`. None: `unknown`; then, on another port than 22, a line without a port counts if it is equal. The order
 * of lines and of files is of no account.
 */
export function verdict(lines: readonly KnownHostLine[], name: string, port: number, key: Buffer): Verdict {
  const wanted = canonicalKey(key)?.key ?? key;
  const found = verdictFor(linesFor(lines, name, port), wanted);
  if (found !== "unknown" || port === 22) return found;
  const portless = verdictFor(linesFor(lines, name, 22), wanted);
  return portless === "changed" ? "unknown" : portless;
}

function verdictFor(named: readonly KnownHostLine[], key: Buffer): Verdict {
  const equal = named.filter((line) => line.marker !== "cert-authority" && line.key.equals(key));
  if (equal.some((line) => line.marker === "revoked")) return "revoked";
  if (equal.length > 0) return "ok";
  return named.some((line) => line.marker === undefined && isKeyType(line.keyType)) ? "changed" : "unknown";
}

/** The types of the keys that would be accepted for a name, to be asked for first; empty for a host never seen. */
export function knownKeyTypes(lines: readonly KnownHostLine[], name: string, port: number): string[] {
  const exact = acceptedTypes(linesFor(lines, name, port));
  return exact.length > 0 ? exact : acceptedTypes(linesFor(lines, name, 22));
}

function acceptedTypes(named: readonly KnownHostLine[]): string[] {
  const revoked = named.filter((line) => line.marker === "revoked");
  const accepted = named.filter(
    (line) => line.marker === undefined && !revoked.some((one) => one.key.equals(line.key)),
  );
  return [...new Set(accepted.map((line) => line.keyType))];
}

/** True when the machine's key is vouched for by an authority, which ssh2 cannot check. */
export const hasAuthority = (lines: readonly KnownHostLine[], name: string, port: number): boolean =>
  linesFor(lines, name, port).some((line) => line.marker === "cert-authority");

/** What ssh2 can check without being asked to. */
const usualTypes = new Set([
  "ssh-ed25519",
  "ssh-rsa",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
]);

/**
 * The types of the machine's known keys when none of them can be checked here: FIDO keys, certificates in a plain line,
 * types of an OpenSSH that is younger than our list, and DSA unless it is among the `offered`. Else empty.
 */
export function uncheckableTypes(
  lines: readonly KnownHostLine[],
  [name, port]: readonly [name: string, port: number],
  offered: readonly string[],
): string[] {
  const types = acceptedTypes(linesFor(lines, name, port));
  return types.some((type) => usualTypes.has(type) || offered.includes(type)) ? [] : types;
}

/** Up to `limit` other names under which the files know this very key; hashed ones have no name to show. */
export function otherNames(lines: readonly KnownHostLine[], key: Buffer, limit: number): string[] {
  const wanted = canonicalKey(key)?.key ?? key;
  const equal = lines.filter((line) => line.marker === undefined && line.key.equals(wanted));
  const names = equal.map((line) => (line.names.startsWith("|") ? "a hashed name" : line.names));
  return [...new Set(names)].slice(0, limit);
}

function linesFor(lines: readonly KnownHostLine[], name: string, port: number): KnownHostLine[] {
  const host = Buffer.from(written(name, port)).toString("latin1");
  return lines.filter((line) => matches(line.names, host));
}

/** One negated pattern that matches discards the whole line, and so does one that is too long. */
function matches(names: string, host: string): boolean {
  if (names.startsWith("|")) return matchesHash(names, host);
  let found = false;
  for (const pattern of lowerCase(names).split(",")) {
    const isNegated = pattern.startsWith("!");
    const body = isNegated ? pattern.slice(1) : pattern;
    if (body.length > longestPattern) return false;
    if (!matchesPattern(body, host)) continue;
    if (isNegated) return false;
    found = true;
  }
  return found;
}

/** `|1|salt|mac`: the HMAC-SHA1 of the name, both in base64; OpenSSH compares the whole text. */
function matchesHash(names: string, host: string): boolean {
  const salt = decodeBase64(/^\|1\|([^|]+)\|/.exec(names)?.[1] ?? "");
  return salt?.length === saltBytes && hashed(Buffer.from(host, "latin1"), salt) === names;
}

const hashed = (host: string | Buffer, salt: Buffer): string =>
  `|1|${salt.toString("base64")}|${createHmac("sha1", salt).update(host).digest("base64")}`;

/** `*` any text, `?` one byte. Linear in the text for each `*`: a regular expression could be made to take for ever. */
function matchesPattern(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === "*") {
      star = p++;
      resume = t;
    } else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else return false;
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}
