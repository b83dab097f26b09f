import type { Client, ParsedKey } from "ssh2";

/** Names of RFC 8332 and RFC 4253 and the hash that each one signs; for all other keys the type says it. */
const hashes: Readonly<Record<string, "sha256" | "sha512" | "sha1">> = {
  "rsa-sha2-256": "sha256",
  "rsa-sha2-512": "sha512",
  "ssh-rsa": "sha1",
};

/**
 * Saves the round trip in which a server is asked whether it would take a key (RFC 4252, section 7): the first key is
 * signed with at once. Only where the private half is here; an agent may ask its user for each signature. A refusal counts
 * as one attempt either way. To be called after `connect()`; ssh2 has no option for it, and where it is built in another
 * way than expected nothing changes.
 */
export function signFirstKeyAtOnce(client: Client): void {
  const protocol: unknown = Reflect.get(client, "_protocol");
  if (typeof protocol !== "object" || protocol === null) return;
  const request: unknown = Reflect.get(protocol, "authPK");
  if (typeof request !== "function") return;
  let isFirst = true;
  Reflect.set(protocol, "authPK", (username: string, key: unknown, algorithm?: string, sign?: Sign) => {
    const ask = (signer?: Sign) => Reflect.apply(request, protocol, [username, key, algorithm, signer]);
    if (sign || !isFirst || !isPrivate(key)) return ask(sign);
    isFirst = false;
    return ask((data, done) => {
      const signature = key.sign(data, algorithm === undefined ? undefined : hashes[algorithm]);
      // ssh2 then tries in its own way, and says what is wrong with the key.
      if (signature instanceof Error) ask();
      else done(signature);
    });
  });
}

type Sign = (data: Buffer, done: (signature: Buffer) => void) => void;

const isPrivate = (key: unknown): key is ParsedKey =>
  typeof key === "object" && key !== null && "isPrivateKey" in key && typeof key.isPrivateKey === "function"
    ? key.isPrivateKey() === true
    : false;
