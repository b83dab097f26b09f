import type { ParsedKey } from "ssh2";
import { type AgentKeys, oneKeyAgent, type Sign, signWithAgent } from "./agent.ts";
import { type Attempt, type Login, type Method, signatureName } from "./attempts.ts";
import type { KeyFile } from "./key-file.ts";
import { unlock } from "./passphrase.ts";
import type { SshTarget } from "./target.ts";

export interface Keys {
  agent?: AgentKeys;
  files: KeyFile[];
}

/**
 * Keys in OpenSSH's order: those of the agent that the configuration names, the agent's others, then files. A passphrase is
 * asked for when it is that key's turn and, where its public half is known, only once the server said that it takes the key.
 * `room`: how many keys may be tried; `left`: how many are still to be.
 */
export function publicKeys(keys: Keys, room: number, login: Login): Method & { readonly left: number } {
  const { target, notes } = login;
  const isAllowed = (key: ParsedKey) => names(key).some((name) => isAccepted(target, name));
  const held = (keys.agent?.keys ?? []).filter(isAllowed);
  const files = unique(keys.files);
  const named = held.filter((key) => files.some((file) => isKeyOf(file, key)));
  const left = files.filter((file) => !held.some((key) => isKeyOf(file, key)));
  notes.push(...left.flatMap((file) => file.problem ?? []));
  const usable = left.filter(isUsable);
  const others = target.identitiesOnly ? [] : held.filter((key) => !named.includes(key));
  // Keys that the user named must not be pushed out by whatever else the agent holds.
  const forOthers = Math.max(1, room - named.length - usable.length);
  if (others.length > forOthers) {
    notes.push(`${others.length - forOthers} more keys of the agent were not tried (name the right one with -i)`);
  }
  const { agent } = keys;
  const queue: (() => Promise<Attempt | undefined>)[] = [
    ...(agent ? [...named, ...others.slice(0, forOthers)].map((key) => async () => fromAgent(agent, key, login)) : []),
    ...usable.map((file) => () => fromFile(file, login)),
  ];
  return {
    name: "publickey",
    get left() {
      return queue.length;
    },
    async next() {
      for (let key = queue.shift(); key; key = queue.shift()) {
        const attempt = await key();
        if (attempt) return attempt;
      }
      return undefined;
    },
  };
}

const isKeyOf = ({ publicKey }: KeyFile, key: ParsedKey): boolean =>
  publicKey !== undefined && key.getPublicSSH().equals(publicKey);

const isUsable = (file: KeyFile): boolean => file.privateKey !== undefined || file.open !== undefined;

/** The same key twice (with its public half by name, for one) would use up the server's patience. */
function unique(files: KeyFile[]): KeyFile[] {
  const isSame = (one: KeyFile, other: KeyFile) =>
    one.path === other.path || (one.publicKey !== undefined && other.publicKey?.equals(one.publicKey) === true);
  return files.filter((file, index) => {
    const isWorse = (other: KeyFile, at: number) => (isUsable(other) === isUsable(file) ? at < index : isUsable(other));
    return !files.some((other, at) => at !== index && isSame(file, other) && isWorse(other, at));
  });
}

const names = (key: ParsedKey): string[] =>
  key.type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"] : [key.type];

/** As OpenSSH since 8.8: SHA-1 signatures, of RSA and DSA keys, only when the user's list has them. */
function isAccepted({ algorithms }: SshTarget, name: string): boolean {
  return algorithms?.pubkeyAccepted?.includes(name) ?? (name !== "ssh-rsa" && name !== "ssh-dss");
}

/** Why this key will not sign that way: the user's options exclude it. The notes hear of it. */
function objection(key: ParsedKey, hash: string | undefined, name: string, login: Login): Error | undefined {
  const wanted = signatureName(key, hash);
  if (isAccepted(login.target, wanted)) return undefined;
  const sentence =
    wanted === "ssh-rsa"
      ? `the server only takes SHA-1 signatures of ${name} (allow them with -o PubkeyAcceptedAlgorithms=+ssh-rsa)`
      : `the server wants ${wanted} signatures of ${name}, which PubkeyAcceptedAlgorithms leaves out`;
  login.notes.push(sentence);
  return new Error(sentence);
}

function fromAgent(agent: AgentKeys, key: ParsedKey, login: Login): Attempt {
  const name = `${key.type} key ${key.comment || "without a comment"} of the agent`;
  return inItsOwnTime({ name, key, sign: signWithAgent(agent, key) }, login);
}

/**
 * Signs when the server asked for it, however long that takes; but once with each hash, for a person may have to confirm it
 * and a server may ask for ever.
 */
function inItsOwnTime({ name, key, sign }: { name: string; key: ParsedKey; sign: Sign }, login: Login): Attempt {
  let wasSigned = false;
  const asked = new Set<string | undefined>();
  const checked: Sign = async (data, hash) => {
    const reason = objection(key, hash, name, login);
    if (reason) throw reason;
    if (asked.has(hash)) throw new Error("The server has had this signature.");
    asked.add(hash);
    const signature = await sign(data, hash);
    wasSigned = true;
    return signature;
  };
  const agent = oneKeyAgent({ key, sign: checked, isOver: login.isOver }, login.ssh2);
  return { name, wasSigned: () => wasSigned, auth: { type: "agent", username: login.target.user, agent } };
}

async function fromFile(file: KeyFile, login: Login): Promise<Attempt | undefined> {
  const { path, publicKey, privateKey } = file;
  const known = privateKey ?? (publicKey && login.ssh2.utils.parseKey(publicKey));
  if (known && !(known instanceof Error) && !names(known).some((name) => isAccepted(login.target, name))) {
    login.notes.push(`${path} was not offered (PubkeyAcceptedAlgorithms leaves out ${known.type})`);
    return undefined;
  }
  if (!privateKey && known && !(known instanceof Error)) {
    const sign: Sign = async (data, hash) => {
      const opened = await unlock(file, login);
      if (!opened) throw new Error("The key stays closed.");
      return opened.sign(data, hash);
    };
    return inItsOwnTime({ name: path, key: known, sign }, login);
  }
  const key = await unlock(file, login);
  if (!key) return undefined;
  return { name: path, auth: { type: "publickey", username: login.target.user, key: checkedKey(key, path, login) } };
}

/** ssh2 skips a credential whose signature is an error. */
function checkedKey(key: ParsedKey, name: string, login: Login): ParsedKey {
  const checked: ParsedKey = Object.create(key);
  const sign = (data: Buffer | string, hash?: string) => objection(key, hash, name, login) ?? key.sign(data, hash);
  return Object.assign(checked, { sign });
}
