import { matchesPattern } from "./patterns.ts";

const names = (list: string): string[] => list.trim().split(/\s+/);

/** OpenSSH 9.9's own lists (myproposal.h: KEX_CLIENT, KEX_DEFAULT_PK_ALG), in its order of preference. */
const DEFAULT_KEX = names(`
  sntrup761x25519-sha512 sntrup761x25519-sha512@openssh.com mlkem768x25519-sha256 curve25519-sha256
  curve25519-sha256@libssh.org ecdh-sha2-nistp256 ecdh-sha2-nistp384 ecdh-sha2-nistp521
  diffie-hellman-group-exchange-sha256 diffie-hellman-group16-sha512 diffie-hellman-group18-sha512
  diffie-hellman-group14-sha256`);
const DEFAULT_CIPHERS = names(`
  chacha20-poly1305@openssh.com aes128-ctr aes192-ctr aes256-ctr aes128-gcm@openssh.com aes256-gcm@openssh.com`);
const DEFAULT_MACS = names(`
  umac-64-etm@openssh.com umac-128-etm@openssh.com hmac-sha2-256-etm@openssh.com hmac-sha2-512-etm@openssh.com
  hmac-sha1-etm@openssh.com umac-64@openssh.com umac-128@openssh.com hmac-sha2-256 hmac-sha2-512 hmac-sha1`);
const DEFAULT_KEYS = names(`
  ssh-ed25519-cert-v01@openssh.com ecdsa-sha2-nistp256-cert-v01@openssh.com ecdsa-sha2-nistp384-cert-v01@openssh.com
  ecdsa-sha2-nistp521-cert-v01@openssh.com sk-ssh-ed25519-cert-v01@openssh.com
  sk-ecdsa-sha2-nistp256-cert-v01@openssh.com rsa-sha2-512-cert-v01@openssh.com rsa-sha2-256-cert-v01@openssh.com
  ssh-ed25519 ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ecdsa-sha2-nistp521 sk-ssh-ed25519@openssh.com
  sk-ecdsa-sha2-nistp256@openssh.com rsa-sha2-512 rsa-sha2-256`);

/** What `ssh -Q` of OpenSSH 9.9 lists, in its order: the names that a pattern with wildcards can stand for. */
const ALL_KEX = names(`
  diffie-hellman-group1-sha1 diffie-hellman-group14-sha1 diffie-hellman-group14-sha256 diffie-hellman-group16-sha512
  diffie-hellman-group18-sha512 diffie-hellman-group-exchange-sha1 diffie-hellman-group-exchange-sha256
  ecdh-sha2-nistp256 ecdh-sha2-nistp384 ecdh-sha2-nistp521 curve25519-sha256 curve25519-sha256@libssh.org
  sntrup761x25519-sha512 sntrup761x25519-sha512@openssh.com mlkem768x25519-sha256`);
const ALL_CIPHERS = names(`
  3des-cbc aes128-cbc aes192-cbc aes256-cbc aes128-ctr aes192-ctr aes256-ctr aes128-gcm@openssh.com
  aes256-gcm@openssh.com chacha20-poly1305@openssh.com`);
const ALL_MACS = names(`
  hmac-sha1 hmac-sha1-96 hmac-sha2-256 hmac-sha2-512 hmac-md5 hmac-md5-96 umac-64@openssh.com umac-128@openssh.com
  hmac-sha1-etm@openssh.com hmac-sha1-96-etm@openssh.com hmac-sha2-256-etm@openssh.com hmac-sha2-512-etm@openssh.com
  hmac-md5-etm@openssh.com hmac-md5-96-etm@openssh.com umac-64-etm@openssh.com umac-128-etm@openssh.com`);
const ALL_KEYS = names(`
  ssh-ed25519 ssh-ed25519-cert-v01@openssh.com sk-ssh-ed25519@openssh.com sk-ssh-ed25519-cert-v01@openssh.com
  ecdsa-sha2-nistp256 ecdsa-sha2-nistp256-cert-v01@openssh.com ecdsa-sha2-nistp384
  ecdsa-sha2-nistp384-cert-v01@openssh.com ecdsa-sha2-nistp521 ecdsa-sha2-nistp521-cert-v01@openssh.com
  sk-ecdsa-sha2-nistp256@openssh.com sk-ecdsa-sha2-nistp256-cert-v01@openssh.com
  webauthn-sk-ecdsa-sha2-nistp256@openssh.com ssh-dss ssh-dss-cert-v01@openssh.com ssh-rsa ssh-rsa-cert-v01@openssh.com
  rsa-sha2-256 rsa-sha2-256-cert-v01@openssh.com rsa-sha2-512 rsa-sha2-512-cert-v01@openssh.com`);

interface List {
  /** What OpenSSH uses when nothing is configured. */
  standard: readonly string[];
  all: readonly string[];
  /** Patterns may stand for names outside `-`, too (sshkey.c, `sshkey_names_valid2`). */
  takesPatterns?: boolean;
}

const keys: List = { standard: DEFAULT_KEYS, all: ALL_KEYS, takesPatterns: true };

/** By the keyword that changes the list, in lower case. */
export const ALGORITHM_LISTS: ReadonlyMap<string, List> = new Map([
  ["kexalgorithms", { standard: DEFAULT_KEX, all: ALL_KEX }],
  ["ciphers", { standard: DEFAULT_CIPHERS, all: ALL_CIPHERS }],
  ["macs", { standard: DEFAULT_MACS, all: ALL_MACS }],
  ["hostkeyalgorithms", keys],
  ["pubkeyacceptedalgorithms", keys],
]);

/**
 * The list that `value` stands for (kex.c, `kex_assemble_names`): `+` appends to OpenSSH's own list, `^` puts in front,
 * `-` takes away what patterns match, anything else replaces. Undefined when a name is none that OpenSSH 9 knows, or when
 * nothing is left.
 */
export function assembleList(value: string, { standard, all, takesPatterns }: List): string[] | undefined {
  const entries = value.replace(/^[+^-]/, "").split(",");
  const matching = (entry: string): string[] =>
    takesPatterns ? all.filter((name) => matchesPattern(name, entry)) : all.filter((name) => name === entry);
  let list: string[];
  if (value.startsWith("-")) list = standard.filter((name) => !entries.some((entry) => matchesPattern(name, entry)));
  else {
    if (entries.some((entry) => matching(entry).length === 0)) return undefined;
    const named = entries.flatMap(matching);
    list = value.startsWith("+") ? [...standard, ...named] : value.startsWith("^") ? [...named, ...standard] : named;
  }
  return list.length === 0 ? undefined : [...new Set(list)];
}
