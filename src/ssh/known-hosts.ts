import { createHmac } from "node:crypto";

/** One usable line of a known_hosts file (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
export interface KnownHostLine {
  marker?: "revoked" | "cert-authority";
  /** The first field as written: a list of patterns or one hashed name. */
  names: string;
  keyType: string;
  /** The public key as it travels over the wire. */
  key: Buffer;
}

export type Verdict = "ok" | "changed" | "unknown" | "revoked";

/** The name that known_hosts holds for a target, and the port that goes with it. An alias stands for itself alone. */
export function knownName(target: {
  hostName: string;
  port: number;
  hostKeyAlias?: string;
}): [name: string, port: number] {
  return target.hostKeyAlias === undefined ? [target.hostName, target.port] : [target.hostKeyAlias, 22];
}

/** The name as it stands in the file: lower case, `[name]:port` unless the port is 22. */
export const written = (name: string, port: number): string =>
  port === 22 ? name.toLowerCase() : `[${name.toLowerCase()}]:${port}`;

/** The lines that OpenSSH would heed; comments, garbage and unknown markers are left out. */
export function parseKnownHosts(text: string): KnownHostLine[] {
  return text.split(/\r?\n/).flatMap((line) => parseLine(line) ?? []);
}

function parseLine(line: string): KnownHostLine | undefined {
  const fields = line.split(/[ \t]+/).filter(Boolean);
  if (fields[0]?.startsWith("#")) return undefined;
  const marker = fields[0]?.startsWith("@") ? fields.shift() : undefined;
  const [names, keyType, base64] = fields;
  if (!names || !keyType || !base64) return undefined;
  const key = Buffer.from(base64, "base64");
  if (typeOfKey(key) !== keyType) return undefined;
  if (marker === undefined) return { names, keyType, key };
  if (marker === "@revoked") return { marker: "revoked", names, keyType, key };
  return marker === "@cert-authority" ? { marker: "cert-authority", names, keyType, key } : undefined;
}

/** The type that a public key on the wire says it has; undefined for anything else (RFC 4253, section 6.6). */
export function typeOfKey(key: Buffer): string | undefined {
  if (key.length < 4) return undefined;
  const end = 4 + key.readUInt32BE(0);
  return end > 4 && end < key.length ? key.toString("latin1", 4, end) : undefined;
}

/**
 * OpenSSH's rule. An equal revoked line: `revoked`. An equal plain line: `ok`. A plain line with another key, of whatever
 * type: `changed`. None: `unknown`; then, on another port than 22, a line without a port counts if it is equal.
 */
export function verdict(lines: readonly KnownHostLine[], name: string, port: number, key: Buffer): Verdict {
  const found = verdictFor(lines, written(name, port), key);
  if (found !== "unknown" || port === 22) return found;
  const portless = verdictFor(lines, written(name, 22), key);
  return portless === "changed" ? "unknown" : portless;
}

function verdictFor(lines: readonly KnownHostLine[], host: string, key: Buffer): Verdict {
  const named = lines.filter((line) => line.marker !== "cert-authority" && matches(line.names, host));
  const equal = named.filter((line) => line.key.equals(key));
  if (equal.some((line) => line.marker === "revoked")) return "revoked";
  if (equal.length > 0) return "ok";
  return named.some((line) => line.marker === undefined) ? "changed" : "unknown";
}

/** The types of the keys that would be accepted for a name, to be asked for first; empty for a host never seen. */
export function knownKeyTypes(lines: readonly KnownHostLine[], name: string, port: number): string[] {
  const typesFor = (host: string) =>
    lines.filter((line) => line.marker === undefined && matches(line.names, host)).map((line) => line.keyType);
  const exact = typesFor(written(name, port));
  return [...new Set(exact.length > 0 ? exact : typesFor(written(name, 22)))];
}

/** True when the machine's key is vouched for by an authority, which ssh2 cannot check. */
export const hasAuthority = (lines: readonly KnownHostLine[], name: string, port: number): boolean =>
  lines.some((line) => line.marker === "cert-authority" && matches(line.names, written(name, port)));

/** One negated pattern that matches discards the whole line. */
function matches(names: string, host: string): boolean {
  if (names.startsWith("|")) return matchesHash(names, host);
  let found = false;
  for (const pattern of names.toLowerCase().split(",")) {
    const isNegated = pattern.startsWith("!");
    if (!matchesPattern(isNegated ? pattern.slice(1) : pattern, host)) continue;
    if (isNegated) return false;
    found = true;
  }
  return found;
}

/** `|1|salt|mac`: the HMAC-SHA1 of the name, both in base64. */
function matchesHash(hashed: string, host: string): boolean {
  const [, version, salt, mac] = hashed.split("|");
  if (version !== "1" || !salt || !mac) return false;
  return createHmac("sha1", Buffer.from(salt, "base64")).update(host).digest().equals(Buffer.from(mac, "base64"));
}

/** `*` any text, `?` one character. Linear in the text for each `*`: a regular expression could be made to take for ever. */
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
