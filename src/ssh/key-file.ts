import { access, readFile, stat } from "node:fs/promises";
import type { ParsedKey } from "ssh2";
import type { Ssh2 } from "./ssh2.ts";

export interface KeyFile {
  path: string;
  /** The public key as it travels over the wire, where it can be known without a passphrase. */
  publicKey?: Buffer;
  privateKey?: ParsedKey;
  /** Why the private half cannot be used, as a clause for the user. */
  problem?: string;
  /** Path of the user certificate beside it, which ssh2 cannot use. */
  certificate?: string;
}

/**
 * Reads one identity file. Never rejects: a key that cannot be used carries the reason, and where its public half is known
 * the agent may still sign with it. A name that ends in `.pub` is a public half and nothing more.
 */
export async function readKeyFile(path: string, ssh2: Ssh2["ssh2"]): Promise<KeyFile> {
  const certificate = `${path.replace(/\.pub$/, "")}-cert.pub`;
  const hasOne = await access(certificate).then(
    () => true,
    () => false,
  );
  return { ...(await readHalves(path, ssh2)), certificate: hasOne ? certificate : undefined };
}

async function readHalves(path: string, { utils }: Ssh2["ssh2"]): Promise<KeyFile> {
  if (path.endsWith(".pub")) return { path, publicKey: await readPublicKey(path) };
  const beside = await readPublicKey(`${path}.pub`);
  let content: Buffer;
  try {
    if (await isOpenToOthers(path)) {
      const problem = `${path} can be read by others, so it was not used (chmod 600 it)`;
      return { path, publicKey: beside, problem };
    }
    content = await readFile(path);
  } catch {
    return { path, publicKey: beside, problem: `${path} cannot be read` };
  }
  const container = parseContainer(content.toString("latin1"));
  const publicKey = beside ?? container?.publicKey;
  const parsed = utils.parseKey(content);
  if (parsed instanceof Error) return { path, publicKey, problem: whyUnusable(path, content, container) };
  if (!parsed.isPrivateKey())
    return { path, publicKey: parsed.getPublicSSH(), problem: `${path} holds no private key` };
  return { path, publicKey: parsed.getPublicSSH(), privateKey: parsed };
}

/** As ssh does: only for files of our own, and not on Windows, where these bits mean nothing. */
async function isOpenToOthers(path: string): Promise<boolean> {
  const found = await stat(path);
  return process.platform !== "win32" && found.uid === process.getuid?.() && (found.mode & 0o077) !== 0;
}

async function readPublicKey(path: string): Promise<Buffer | undefined> {
  const text = await readFile(path, "utf8").catch(() => "");
  const base64 = /^\s*[\w@.-]+\s+([A-Za-z0-9+/=]+)/.exec(text)?.[1];
  return base64 ? Buffer.from(base64, "base64") : undefined;
}

function whyUnusable(path: string, content: Buffer, container: Container | undefined): string {
  const isEncrypted = container
    ? container.cipher !== "none"
    : /ENCRYPTED|^Encryption: (?!none)/m.test(content.toString("latin1"));
  if (container?.publicKey.toString("latin1", 4, 7) === "sk-") {
    return `${path} belongs to a security key, which only the system's ssh can use`;
  }
  if (isEncrypted) return `${path} is protected by a passphrase (load it into the agent: ssh-add ${path})`;
  return `${path} is in a format that cannot be read here`;
}

interface Container {
  cipher: string;
  publicKey: Buffer;
}

/** OpenSSH's own format (PROTOCOL.key in its source): the public half is readable even when the rest is encrypted. */
function parseContainer(text: string): Container | undefined {
  const base64 = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/.exec(text)?.[1];
  if (!base64) return undefined;
  const data = Buffer.from(base64, "base64");
  const magic = "openssh-key-v1\0";
  if (data.toString("latin1", 0, magic.length) !== magic) return undefined;
  let position = magic.length;
  const next = (): Buffer => {
    const start = position + 4;
    position = start + data.readUInt32BE(position);
    return data.subarray(start, position);
  };
  try {
    const cipher = next().toString("latin1");
    next(); // The key derivation's name,
    next(); // its options,
    position += 4; // and the number of keys, which is always 1.
    return { cipher, publicKey: Buffer.from(next()) };
  } catch {
    return undefined;
  }
}
