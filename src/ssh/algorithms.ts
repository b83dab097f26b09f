import type { Algorithms, CipherAlgorithm, KexAlgorithm, MacAlgorithm, ServerHostKeyAlgorithm } from "ssh2";
import { RemoteError } from "../remote/error.ts";
import type { Ssh2 } from "./ssh2.ts";
import { hostAndPort, type SshTarget } from "./target.ts";

/**
 * What OpenSSH's own defaults and ssh2 have in common, the cheap ones first: the fixed groups keep the event loop busy for
 * up to seconds on some runtimes, group exchange on all.
 */
const kex: readonly KexAlgorithm[] = [
  "curve25519-sha256",
  "curve25519-sha256@libssh.org",
  "ecdh-sha2-nistp256",
  "ecdh-sha2-nistp384",
  "ecdh-sha2-nistp521",
  "diffie-hellman-group14-sha256",
  "diffie-hellman-group16-sha512",
  "diffie-hellman-group18-sha512",
  "diffie-hellman-group-exchange-sha256",
];

/** GCM first and no ChaCha20: a server without strict key exchange would be open to the Terrapin attack (CVE-2023-48795). */
const ciphers: readonly CipherAlgorithm[] = [
  "aes128-gcm@openssh.com",
  "aes256-gcm@openssh.com",
  "aes128-ctr",
  "aes192-ctr",
  "aes256-ctr",
];

/** HMAC-SHA1 is in OpenSSH's own default list, too. */
const macs: readonly MacAlgorithm[] = [
  "hmac-sha2-256-etm@openssh.com",
  "hmac-sha2-512-etm@openssh.com",
  "hmac-sha2-256",
  "hmac-sha2-512",
  "hmac-sha1-etm@openssh.com",
  "hmac-sha1",
];

/** Without `ssh-rsa` (SHA-1 signatures), as in OpenSSH since 8.8. */
const hostKeys: readonly ServerHostKeyAlgorithm[] = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
  "rsa-sha2-256",
];

/**
 * What to offer this target: the user's lists where there are some, less what ssh2 or the runtime lacks, else safe defaults.
 * `knownKeyTypes` are the types of the host's known keys: asked for first, else a good host could look changed.
 * Throws `no_shared_algorithm` when nothing of a list is left.
 */
export function offeredAlgorithms(
  target: Pick<SshTarget, "host" | "port" | "algorithms">,
  knownKeyTypes: readonly string[],
  constants: Ssh2["constants"],
): Algorithms {
  const choose = <T extends string>(
    what: string,
    wanted: readonly string[] | undefined,
    usual: readonly T[],
    able: readonly T[],
  ) => {
    const chosen = wanted ? wanted.flatMap((name) => able.find((one) => one === name) ?? []) : intersect(usual, able);
    if (chosen.length > 0) return chosen;
    const message = `Cannot connect to ${hostAndPort(target)}: none of the configured ${what} (${wanted?.join(",")}) is available here; name others in the ssh options, or use the system's ssh.`;
    throw new RemoteError("no_shared_algorithm", message, { host: target.host });
  };
  const names = target.algorithms ?? {};
  const cipher = withoutChaCha(choose("Ciphers", names.ciphers, ciphers, constants.SUPPORTED_CIPHER));
  const mac = choose("MACs", names.macs, macs, constants.SUPPORTED_MAC);
  const hostKey = choose("HostKeyAlgorithms", names.hostKey, hostKeys, constants.SUPPORTED_SERVER_HOST_KEY);
  return {
    kex: choose("KexAlgorithms", names.kex, kex, constants.SUPPORTED_KEX),
    cipher,
    hmac: cipher.some((name) => name.endsWith("-cbc")) ? withoutEtm(mac) : mac,
    serverHostKey: knownFirst(hostKey, knownKeyTypes),
    compress: ["none"],
  };
}

const intersect = <T>(usual: readonly T[], able: readonly T[]): T[] => usual.filter((name) => able.includes(name));

/** Terrapin again; a list that holds nothing else is the user's own decision. */
function withoutChaCha(list: CipherAlgorithm[]): CipherAlgorithm[] {
  const rest = list.filter((name) => !name.startsWith("chacha20-"));
  return rest.length > 0 ? rest : list;
}

/** CBC with encrypt-then-MAC is the other pair that Terrapin breaks. */
function withoutEtm(list: MacAlgorithm[]): MacAlgorithm[] {
  const rest = list.filter((name) => !name.includes("-etm@"));
  return rest.length > 0 ? rest : list;
}

function knownFirst(list: ServerHostKeyAlgorithm[], types: readonly string[]): ServerHostKeyAlgorithm[] {
  const isKnown = (name: string) => types.includes(name.startsWith("rsa-sha2-") ? "ssh-rsa" : name);
  return [...list.filter(isKnown), ...list.filter((name) => !isKnown(name))];
}
