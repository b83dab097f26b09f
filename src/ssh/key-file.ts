import { createPrivateKey } from "node:crypto";
import { access, readFile, stat } from "node:fs/promises";
import type { ParsedKey } from "ssh2";
import { isCipherKnown, type KeyContainer, openContainer, readContainer } from "./key-container.ts";
import type { Ssh2 } from "./ssh2.ts";
import { typeOfBlob } from "./wire.ts";

export interface KeyFile {
  path: string;
  /** The public key as it travels over the wire, where it can be known without a passphrase. */
  publicKey?: Buffer;
  privateKey?: ParsedKey;
  /** Of a key that is protected by a passphrase: the private half, undefined when the passphrase is wrong. */
  open?(passphrase: string, signal: AbortSignal): Promise<ParsedKey | undefined>;
  /** Why the private half cannot be used, as a clause for the user. */
  problem?: string;
  /** Path of the user certificate beside it, which ssh2 cannot use. */
  certificate?: string;
  /** The private half is in a security key (FIDO), which ssh2 cannot use. */
  isSecurityKey?: boolean;
}

type Utils = Ssh2["ssh2"]["utils"];

/**
 * Reads one identity file. Never rejects: a key that cannot be used carries the reason, and where its public half is known
 * the agent may still sign with it. A name that ends in `.pub` is a public half and nothing more.
 */
export async function readKeyFile(path: string, { utils }: Ssh2["ssh2"]): Promise<KeyFile> {
  const certificate = `${path.replace(/\.pub$/, "")}-cert.pub`;
  const hasOne = await access(certificate).then(
    () => true,
    () => false,
  );
  return { ...(await readHalves(path, utils)), certificate: hasOne ? certificate : undefined };
}

async function readHalves(path: string, utils: Utils): Promise<KeyFile> {
  if (path.endsWith(".pub")) {
    const problem = `${path} is a public key whose private half the agent does not hold`;
    const publicKey = await readPublicKey(path);
    const isSecurityKey = publicKey && typeOfBlob(publicKey).startsWith("sk-");
    return { path, publicKey, problem, isSecurityKey };
  }
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
  const text = content.toString("latin1");
  const container = readContainer(text);
  // What lies beside the key may belong to another one; the private file knows better.
  const publicKey = container?.publicKey ?? beside;
  const parsed = parsePrivate(content, utils);
  if (!parsed) return { path, publicKey, ...closed({ path, content, text, container }, utils) };
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

interface Found {
  path: string;
  content: Buffer;
  text: string;
  container?: KeyContainer;
}

/** How a key that could not be read at once can be opened, or why it cannot. */
function closed(
  { path, content, text, container }: Found,
  utils: Utils,
): Pick<KeyFile, "open" | "problem" | "isSecurityKey"> {
  if (container && typeOfBlob(container.publicKey).startsWith("sk-")) {
    const problem = `${path} belongs to a security key, which only the system's ssh can use`;
    return { isSecurityKey: true, problem };
  }
  const isEncrypted = container ? container.cipher !== "none" : /ENCRYPTED|^Encryption: (?!none)/m.test(text);
  if (!isEncrypted) return { problem: `${path} is in a format that cannot be read here` };
  if (!container) {
    return { open: async (passphrase) => (passphrase === "" ? undefined : parsePrivate(content, utils, passphrase)) };
  }
  if (!isCipherKnown(container)) {
    return {
      problem: `${path} is protected with ${container.cipher}, which cannot be read here (load it into the agent: ssh-add ${path})`,
    };
  }
  return {
    async open(passphrase, signal) {
      const plain = await openContainer(container, passphrase, signal);
      return plain === undefined ? undefined : parsePrivate(Buffer.from(plain), utils);
    },
  };
}

/** ssh2 knows OpenSSH's, PEM's and PuTTY's older format; PKCS#8 is turned into PEM by the runtime. */
function parsePrivate(content: Buffer, utils: Utils, passphrase?: string): ParsedKey | undefined {
  const isPkcs8 = /-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(content.toString("latin1"));
  try {
    const parsed = utils.parseKey(isPkcs8 ? pemOf(content, passphrase) : content, isPkcs8 ? undefined : passphrase);
    return parsed instanceof Error ? undefined : parsed;
  } catch {
    return undefined;
  }
}

function pemOf(pkcs8: Buffer, passphrase: string | undefined): string | Buffer {
  const key = createPrivateKey({ key: pkcs8, format: "pem", passphrase });
  const type = key.asymmetricKeyType === "rsa" ? "pkcs1" : "sec1";
  return key.export({ type, format: "pem" });
}
