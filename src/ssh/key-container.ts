import { createDecipheriv } from "node:crypto";
import { bcryptPbkdf } from "./bcrypt.ts";
import { asString, Strings } from "./wire.ts";

/** OpenSSH's own format for private keys (PROTOCOL.key in its source); the public half is readable in every case. */
export interface KeyContainer {
  cipher: string;
  salt: Buffer;
  rounds: number;
  /** As it travels over the wire. */
  publicKey: Buffer;
  /** Encrypted unless `cipher` is `none`. */
  secret: Buffer;
  /** Authentication tag of the ciphers that have one. */
  tag: Buffer;
}

const magic = "openssh-key-v1\0";
const armour = ["-----BEGIN OPENSSH PRIVATE KEY-----", "-----END OPENSSH PRIVATE KEY-----"] as const;

/** Ciphers that ssh-keygen -Z offers and both runtimes have: their name here, and key, IV and tag in bytes. */
const ciphers: Record<string, { name: string; key: number; iv: number; tag?: number }> = {
  "aes128-ctr": { name: "aes-128-ctr", key: 16, iv: 16 },
  "aes192-ctr": { name: "aes-192-ctr", key: 24, iv: 16 },
  "aes256-ctr": { name: "aes-256-ctr", key: 32, iv: 16 },
  "aes128-cbc": { name: "aes-128-cbc", key: 16, iv: 16 },
  "aes192-cbc": { name: "aes-192-cbc", key: 24, iv: 16 },
  "aes256-cbc": { name: "aes-256-cbc", key: 32, iv: 16 },
  "3des-cbc": { name: "des-ede3-cbc", key: 24, iv: 8 },
  "aes128-gcm@openssh.com": { name: "aes-128-gcm", key: 16, iv: 12, tag: 16 },
  "aes256-gcm@openssh.com": { name: "aes-256-gcm", key: 32, iv: 12, tag: 16 },
};

/** Undefined for every other format. */
export function readContainer(text: string): KeyContainer | undefined {
  const base64 = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/.exec(text)?.[1];
  if (!base64) return undefined;
  const data = Buffer.from(base64, "base64");
  if (data.toString("latin1", 0, magic.length) !== magic) return undefined;
  try {
    const fields = new Strings(data, magic.length);
    const cipher = fields.next().toString("latin1");
    fields.next(); // The key derivation's name, which is always bcrypt.
    const options = fields.next();
    const option = new Strings(options);
    const [salt, rounds] = options.length > 0 ? [option.next(), option.number()] : [options, 0];
    fields.number(); // How many keys there are, which is always 1.
    const [publicKey, secret] = [fields.next(), fields.next()];
    return { cipher, salt, rounds, publicKey, secret, tag: fields.rest() };
  } catch {
    return undefined;
  }
}

export const isCipherKnown = ({ cipher }: KeyContainer): boolean => Object.hasOwn(ciphers, cipher);

/**
 * The same key in the same format without protection, as text; undefined when the passphrase is wrong. Never blocks for
 * long. Rejects with the signal's reason after abort.
 */
export async function openContainer(
  { cipher, salt, rounds, publicKey, secret, tag }: KeyContainer,
  passphrase: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const spec = ciphers[cipher];
  if (!spec || passphrase === "") return undefined;
  const derived = await bcryptPbkdf(passphrase, { salt, rounds, length: spec.key + spec.iv }, signal);
  const plain = decrypt({ ...spec, secret, authTag: tag }, derived);
  // The same random number twice tells the right passphrase.
  if (!plain || plain.length < 8 || plain.readUInt32BE(0) !== plain.readUInt32BE(4)) return undefined;
  const none = Buffer.from("none");
  const one = Buffer.from([0, 0, 0, 1]);
  const parts = [...[none, none, Buffer.alloc(0)].map(asString), one, asString(publicKey), asString(plain)];
  const base64 = Buffer.concat([Buffer.from(magic, "latin1"), ...parts]).toString("base64");
  return [armour[0], ...(base64.match(/.{1,70}/g) ?? []), armour[1], ""].join("\n");
}

function decrypt(
  from: { name: string; key: number; tag?: number; secret: Buffer; authTag: Buffer },
  derived: Buffer,
): Buffer | undefined {
  const [key, iv] = [derived.subarray(0, from.key), derived.subarray(from.key)];
  try {
    const decipher = createDecipheriv(from.name, key, iv).setAutoPadding(false);
    if (from.tag !== undefined && "setAuthTag" in decipher && typeof decipher.setAuthTag === "function") {
      decipher.setAuthTag(from.authTag.subarray(0, from.tag));
    }
    return Buffer.concat([decipher.update(from.secret), decipher.final()]);
  } catch {
    return undefined;
  }
}
