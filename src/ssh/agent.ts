import type { BaseAgent, IdentityCallback, ParsedKey, PublicKeyEntry, SignCallback, SigningRequestOptions } from "ssh2";
import type { Ssh2 } from "./ssh2.ts";

export interface AgentKeys {
  agent: BaseAgent;
  keys: ParsedKey[];
}

/** The agent and the keys it holds, less those of kinds that ssh2 lacks; undefined when it does not answer. */
export function listAgentKeys(socket: string, { createAgent, utils }: Ssh2["ssh2"]): Promise<AgentKeys | undefined> {
  return new Promise((resolve) => {
    const agent = createAgent(socket);
    agent.getIdentities((error, found) => {
      if (error || !found) return resolve(undefined);
      const keys = found.map((key) => utils.parseKey(publicKeyOf(key)));
      resolve({ agent, keys: keys.flatMap((key) => (key instanceof Error ? [] : [key])) });
    });
  });
}

type PublicKey = string | Buffer | ParsedKey;

function publicKeyOf(entry: PublicKey | PublicKeyEntry): PublicKey {
  if (typeof entry === "string" || Buffer.isBuffer(entry) || "isPrivateKey" in entry) return entry;
  return "isPrivateKey" in entry.pubKey ? entry.pubKey : entry.pubKey.pubKey;
}

/**
 * Signs with one key, perhaps after a while. ssh2 asks for it only once the server said that it would take that key. `hash`
 * is that of an RSA signature (`sha1`, `sha256`, `sha512`), undefined for all other keys.
 */
export type Sign = (data: Buffer, hash: SigningRequestOptions["hash"]) => Promise<Buffer>;

export const signWithAgent =
  ({ agent }: AgentKeys, key: ParsedKey): Sign =>
  (data, hash) =>
    new Promise((resolve, reject) => {
      agent.sign(key, data, { hash }, (error, signature) => {
        if (error || !signature) reject(error ?? new Error("The agent gave no signature."));
        else resolve(signature);
      });
    });

/**
 * An agent that holds just one key: ssh2 would offer all of a real one and use up the server's patience. A signature may
 * take as long as a person takes to confirm it; once the connection `isOver`, ssh2 must not hear of it, it would throw.
 */
export function oneKeyAgent(
  { key, sign, isOver }: { key: ParsedKey; sign: Sign; isOver(): boolean },
  { BaseAgent: Base }: Ssh2["ssh2"],
): BaseAgent {
  class OneKeyAgent extends Base<ParsedKey> {
    override getIdentities(callback: IdentityCallback<ParsedKey>): void {
      callback(undefined, [key]);
    }
    override sign(
      _publicKey: ParsedKey,
      data: Buffer,
      options: SigningRequestOptions | SignCallback,
      callback?: SignCallback,
    ): void {
      const [hash, done] = typeof options === "function" ? [undefined, options] : [options.hash, callback];
      sign(data, hash).then(
        (signature) => {
          if (!isOver()) done?.(undefined, signature);
        },
        (reason: unknown) => {
          if (!isOver()) done?.(reason instanceof Error ? reason : new Error("There is no signature."));
        },
      );
    }
  }
  return new OneKeyAgent();
}
