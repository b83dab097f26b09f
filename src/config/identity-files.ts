import { open, stat } from "node:fs/promises";
import { expandFile } from "./paths.ts";
import { shown } from "./problems.ts";
import type { TokenValues } from "./tokens.ts";

/** The names that OpenSSH tries by itself; their absence is nothing to speak of. */
const DEFAULT_NAME = /[\\/]\.ssh[\\/]id_(rsa|dsa|ecdsa|ecdsa_sk|ed25519|ed25519_sk|xmss)$/;

/** The one default name whose type no program of ours knows. */
const XMSS_NAME = /[\\/]\.ssh[\\/]id_xmss$/;

/** Key types on FIDO devices (OpenSSH's PROTOCOL.u2f). */
const SECURITY_KEY = /sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com/;

/** The type of a key stands within its first bytes, also when the private half is encrypted. */
const HEAD_BYTES = 1024;

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

async function headOf(path: string): Promise<string> {
  const file = await open(path, "r").catch(() => undefined);
  if (!file) return "";
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.toString("latin1", 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Whether the key, private or public, needs a FIDO device; told by what the file holds. */
async function isSecurityKey(path: string): Promise<boolean> {
  const head = await headOf(path);
  const body = /^-----BEGIN OPENSSH PRIVATE KEY-----([\sA-Za-z0-9+/=]*)/.exec(head)?.[1];
  return SECURITY_KEY.test(body === undefined ? head : Buffer.from(body, "base64").toString("latin1"));
}

export interface IdentityFiles {
  /** Absolute, existing, in the order in which they are tried. */
  files: string[];
  /** Absolute; keys on FIDO devices, which are not among `files`. */
  securityKeys: string[];
  /** Clauses for what only the system's ssh can do and is needed only when all else was refused. */
  clientMayHelp: string[];
  problems: string[];
  warnings: string[];
}

/** The file that `name` means: itself, or its `.pub` because the agent may hold the private half. */
async function found(file: string): Promise<string | undefined> {
  if (await isFile(file)) return file;
  const publicHalf = `${file}.pub`;
  return !DEFAULT_NAME.test(file) && (await isFile(publicHalf)) ? publicHalf : undefined;
}

/**
 * The key files that exist. One `given` on the command line must exist; one that the configuration names may be missing:
 * then its `.pub` stands in for it where that exists, because the agent may hold the private half.
 */
export async function findIdentityFiles(
  given: readonly string[],
  configured: readonly string[],
  values: TokenValues,
): Promise<IdentityFiles> {
  const result: IdentityFiles = { files: [], securityKeys: [], clientMayHelp: [], problems: [], warnings: [] };
  const candidates: string[] = [];
  for (const name of given) {
    const file = expandFile(name, values);
    if (await isFile(file)) candidates.push(file);
    else
      result.problems.push(`The key file ${shown(name)} is no file (looked for ${file}); correct the path after -i.`);
  }
  for (const name of configured) {
    if (name.toLowerCase() === "none") continue;
    const file = expandFile(name, values);
    const existing = await found(file);
    if (existing !== undefined && XMSS_NAME.test(existing)) {
      result.warnings.push(`The key file ${existing} is left out: its type is not supported.`);
    } else if (existing !== undefined) candidates.push(existing);
    else if (!DEFAULT_NAME.test(file)) {
      result.warnings.push(`The key file ${file} of the ssh configuration does not exist.`);
    }
  }
  for (const file of new Set(candidates)) {
    if (await isSecurityKey(file)) {
      result.securityKeys.push(file);
      result.clientMayHelp.push(`the FIDO key ${file}`);
    } else result.files.push(file);
    const certificate = `${file.replace(/\.pub$/, "")}-cert.pub`;
    if (await isFile(certificate)) result.clientMayHelp.push(`the user certificate ${certificate}`);
  }
  return result;
}

/** A clause when a CertificateFile exists; a warning for each that does not. */
export async function findCertificates(
  configured: readonly string[],
  values: TokenValues,
): Promise<{ onlyClient: string[]; warnings: string[] }> {
  const files = configured.filter((name) => name.toLowerCase() !== "none").map((name) => expandFile(name, values));
  const missing: string[] = [];
  for (const file of new Set(files)) if (!(await isFile(file))) missing.push(file);
  return {
    onlyClient: files.length > missing.length ? ["user certificates (CertificateFile)"] : [],
    warnings: missing.map((file) => `The certificate ${file} of the ssh configuration does not exist.`),
  };
}
