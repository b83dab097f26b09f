import { stat } from "node:fs/promises";
import { expandFile, type TokenValues } from "./paths.ts";
import { shown } from "./problems.ts";

/** The names that OpenSSH tries by itself; their absence is nothing to speak of. */
const DEFAULT_NAME = /[\\/]\.ssh[\\/]id_(rsa|dsa|ecdsa|ecdsa_sk|ed25519|ed25519_sk|xmss)$/;

/** Keys on FIDO devices and XMSS keys among the default names. */
const UNUSABLE_NAME = /[\\/]\.ssh[\\/]id_(ecdsa_sk|ed25519_sk|xmss)$/;

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

export interface IdentityFiles {
  /** Absolute, existing, in the order in which they are tried. */
  files: string[];
  problems: string[];
  warnings: string[];
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
  const result: IdentityFiles = { files: [], problems: [], warnings: [] };
  for (const name of given) {
    const file = expandFile(name, values);
    if (await isFile(file)) result.files.push(file);
    else
      result.problems.push(`The key file ${shown(name)} is no file (looked for ${file}); correct the path after -i.`);
  }
  for (const name of configured) {
    if (name.toLowerCase() === "none") continue;
    const file = expandFile(name, values);
    const publicHalf = `${file}.pub`;
    if (await isFile(file)) {
      if (UNUSABLE_NAME.test(file))
        result.warnings.push(`The key file ${file} is left out: its type is not supported.`);
      else result.files.push(file);
    } else if (DEFAULT_NAME.test(file)) continue;
    else if (await isFile(publicHalf)) result.files.push(publicHalf);
    else result.warnings.push(`The key file ${file} of the ssh configuration does not exist.`);
  }
  return { ...result, files: [...new Set(result.files)] };
}
