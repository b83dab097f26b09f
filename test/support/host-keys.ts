import { createHash, createHmac } from "node:crypto";

const string = (value: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(value.length);
  return Buffer.concat([length, value]);
};

/** Bytes that look random and are the same in every run; the first one is neither zero nor negative. */
export function bytesOf(seed: string, length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, index) =>
    createHash("sha256").update(`${seed} ${index}`).digest(),
  );
  const bytes = Buffer.concat(blocks).subarray(0, length);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

/** A public key as it travels over the wire, from its type and the strings that follow it. */
export const keyOf = (type: string, ...parts: Buffer[]): Buffer =>
  Buffer.concat([Buffer.from(type), ...parts].map(string));

/** Well-formed keys of their types; `seed` tells keys apart. Nobody has the private halves. */
export const ed25519 = (seed: string): Buffer => keyOf("ssh-ed25519", bytesOf(seed, 32));
export const rsa = (seed: string, bytes = 256): Buffer => {
  const modulus = bytesOf(seed, bytes);
  modulus[0] = 0xc0;
  return keyOf("ssh-rsa", Buffer.from([1, 0, 1]), Buffer.concat([Buffer.from([0]), modulus]));
};
export const skEd25519 = (seed: string): Buffer =>
  keyOf("sk-ssh-ed25519@openssh.com", bytesOf(seed, 32), Buffer.from("ssh:"));
export const dss = (seed: string): Buffer =>
  keyOf("ssh-dss", ...["p", "q", "g", "y"].map((part) => bytesOf(seed + part, part === "q" ? 20 : 128)));

/** Type and base64, as in a public key file. */
export const keyText = (key: Buffer): string =>
  `${key.toString("latin1", 4, 4 + key.readUInt32BE(0))} ${key.toString("base64")}`;

/** A name as HashKnownHosts writes it. */
export function hashedName(name: string, salt = bytesOf("salt", 20)): string {
  return `|1|${salt.toString("base64")}|${createHmac("sha1", salt).update(name).digest("base64")}`;
}
