import { createHash } from "node:crypto";

/** What an encrypted OpenSSH key says about how its passphrase becomes the key of its cipher. */
export interface Derivation {
  salt: Buffer;
  /** `ssh-keygen -a`; OpenSSH's own default is 16 or, in later versions, 24. */
  rounds: number;
  /** Bytes wanted. */
  length: number;
}

const sha512 = (...parts: Uint8Array[]): Buffer => {
  const hash = createHash("sha512");
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/**
 * bcrypt_pbkdf as OpenSSH uses it. The whole of it takes from 0.3 s (16 rounds) to seconds, so the event loop gets a turn
 * after each round, some 10 ms. Rejects with the signal's reason after abort.
 */
export async function bcryptPbkdf(
  passphrase: string,
  { salt, rounds, length }: Derivation,
  signal: AbortSignal,
): Promise<Buffer> {
  const { default: bcrypt } = await import("bcrypt-pbkdf");
  const secret = sha512(Buffer.from(passphrase));
  const key = Buffer.alloc(length);
  // The blocks do not lie one after the other: their bytes take turns.
  const stride = Math.ceil(length / bcrypt.HASHSIZE);
  const amount = Math.ceil(length / stride);
  for (let block = 0; block < stride; block++) {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(block + 1);
    const latest = Buffer.alloc(bcrypt.HASHSIZE);
    const sum = Buffer.alloc(bcrypt.HASHSIZE);
    for (let round = 0; round < rounds; round++) {
      bcrypt.hash(secret, round === 0 ? sha512(salt, counter) : sha512(latest), latest);
      for (const [index, byte] of latest.entries()) sum[index] = (sum[index] ?? 0) ^ byte;
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
    }
    for (let index = 0; index < amount && index * stride + block < length; index++) {
      key[index * stride + block] = sum[index] ?? 0;
    }
  }
  return key;
}
