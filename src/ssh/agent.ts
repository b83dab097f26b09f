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
 * An agent that holds just one key of another: ssh2 would offer all of them and use up the server's patience. A signature
 * may take as long as its user takes to confirm it; once the connection `isOver`, ssh2 must not hear of it, it would throw.
 */
export function singleKeyAgent(
  { agent, key, isOver }: { agent: BaseAgent; key: ParsedKey; isOver(): boolean },
  { BaseAgent: Base }: Ssh2["ssh2"],
): BaseAgent {
  class SingleKeyAgent extends Base<ParsedKey> {
    override getIdentities(callback: IdentityCallback<ParsedKey>): void {
      callback(undefined, [key]);
    }
    override sign(
      publicKey: ParsedKey,
      data: Buffer,
      options: SigningRequestOptions | SignCallback,
      callback?: SignCallback,
    ): void {
      const [given, done] = typeof options === "function" ? [{}, options] : [options, callback];
      agent.sign(publicKey, data, given, (error, signature) => {
        if (!isOver()) done?.(error, signature);
      });
    }
  }
  return new SingleKeyAgent();
}
