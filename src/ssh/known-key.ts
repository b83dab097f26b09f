import { asString } from "./wire.ts";

/** What follows the type's name in a public key; each part is a string of the wire format (RFC 4251, section 5). */
type Part = "integer" | "modulus" | "text" | { bytes: number } | { curve: string };

const point = (curve: string, bytes: number): Part[] => [{ curve }, { bytes }];

/** RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709 section 4 and OpenSSH's PROTOCOL.u2f. Uncompressed points only. */
const layouts = new Map<string, readonly Part[]>([
  ["ssh-ed25519", [{ bytes: 32 }]],
  ["ssh-rsa", ["integer", "modulus"]],
  ["ssh-dss", ["integer", "integer", "integer", "integer"]],
  ["ecdsa-sha2-nistp256", point("nistp256", 65)],
  ["ecdsa-sha2-nistp384", point("nistp384", 97)],
  ["ecdsa-sha2-nistp521", point("nistp521", 133)],
  ["sk-ssh-ed25519@openssh.com", [{ bytes: 32 }, "text"]],
  ["sk-ecdsa-sha2-nistp256@openssh.com", [...point("nistp256", 65), "text"]],
]);

/** Names of signatures that OpenSSH also takes for the type of the key. */
const aliases = new Map([
  ["rsa-sha2-256", "ssh-rsa"],
  ["rsa-sha2-512", "ssh-rsa"],
  ["webauthn-sk-ecdsa-sha2-nistp256@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"],
]);

/** OpenSSH does not take shorter RSA keys (SSH_RSA_MINIMUM_MODULUS_SIZE), in bits. */
const shortestModulus = 1024;

export const keyTypeOf = (name: string): string => aliases.get(name) ?? name;

/** Whether OpenSSH has such keys, certificates included. */
export const isKeyType = (type: string): boolean => layouts.has(type) || isCertificateType(type);

const isCertificateType = (type: string): boolean => type.endsWith("-cert-v01@openssh.com");

/** The type that a public key on the wire says it has; undefined for anything else (RFC 4253, section 6.6). */
export function typeOfKey(key: Buffer): string | undefined {
  if (key.length < 4) return undefined;
  const end = 4 + key.readUInt32BE(0);
  return end > 4 && end < key.length ? key.toString("latin1", 4, end) : undefined;
}

/**
 * A public key in the one form in which equal keys have equal bytes: integers without leading zeros. Undefined for what
 * OpenSSH would not read as a key. What a type that is not in our list holds is taken as it is.
 */
export function canonicalKey(key: Buffer): { type: string; key: Buffer } | undefined {
  const name = typeOfKey(key);
  if (name === undefined) return undefined;
  const type = keyTypeOf(name);
  const layout = layouts.get(type);
  if (!layout) return { type, key };
  const parts = stringsOf(key.subarray(4 + name.length));
  if (parts?.length !== layout.length) return undefined;
  const canonical = layout.map((part, index) => canonicalPart(part, parts[index]));
  if (canonical.includes(undefined)) return undefined;
  return { type, key: Buffer.concat([Buffer.from(type), ...canonical.flatMap((part) => part ?? [])].map(asString)) };
}

function canonicalPart(part: Part, value: Buffer | undefined): Buffer | undefined {
  if (!value || part === "text") return value;
  if (part === "integer") return integer(value);
  if (part === "modulus") {
    const modulus = integer(value);
    return modulus && bitsOf(modulus) >= shortestModulus ? modulus : undefined;
  }
  if ("curve" in part) return value.equals(Buffer.from(part.curve)) ? value : undefined;
  return value.length === part.bytes ? value : undefined;
}

/** Negative numbers do not occur in keys. */
function integer(value: Buffer): Buffer | undefined {
  if ((value[0] ?? 0) >= 0x80) return undefined;
  const first = value.findIndex((byte) => byte !== 0);
  if (first < 0) return Buffer.alloc(0);
  return value.subarray((value[first] ?? 0) >= 0x80 ? first - 1 : first);
}

const bitsOf = (value: Buffer): number => {
  const first = value[0] === 0 ? value.subarray(1) : value;
  return first.length * 8 - Math.clz32(first[0] ?? 0) + 24;
};

/** The strings that a buffer consists of; undefined when it does not end with one. */
function stringsOf(buffer: Buffer): Buffer[] | undefined {
  const found: Buffer[] = [];
  let rest = buffer;
  while (rest.length > 0) {
    if (rest.length < 4) return undefined;
    const end = 4 + rest.readUInt32BE(0);
    if (end > rest.length) return undefined;
    found.push(rest.subarray(4, end));
    rest = rest.subarray(end);
  }
  return found;
}

/** Base64 as strictly as OpenSSH reads it: blanks are skipped, everything else must be in its place. */
export function decodeBase64(text: string): Buffer | undefined {
  const digits = text.replace(/[\r\v\f]+/g, "");
  const bytes = Buffer.from(digits, "base64");
  return bytes.length > 0 && bytes.toString("base64") === digits ? bytes : undefined;
}
