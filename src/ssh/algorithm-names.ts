import type { CipherAlgorithm, KexAlgorithm, MacAlgorithm, ServerHostKeyAlgorithm } from "ssh2";

/** Names of one kind that both ssh2 and OpenSSH know, the best first. */
export interface Names<T extends string> {
  /** Offered without being asked for: what OpenSSH's own defaults and ssh2 have in common. */
  usual: readonly T[];
  /** Offered only when the user's options name them. */
  onRequest: readonly T[];
}

/** The cheap ones first: the larger a group, the longer a handshake keeps everything else waiting. */
export const kexNames: Names<KexAlgorithm> = {
  usual: [
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group-exchange-sha256",
    "diffie-hellman-group18-sha512",
  ],
  onRequest: ["diffie-hellman-group14-sha1", "diffie-hellman-group-exchange-sha1", "diffie-hellman-group1-sha1"],
};

/** GCM first and no ChaCha20: a server without strict key exchange would be open to the Terrapin attack (CVE-2023-48795). */
export const cipherNames: Names<CipherAlgorithm> = {
  usual: ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr"],
  onRequest: ["aes128-cbc", "aes192-cbc", "aes256-cbc", "3des-cbc"],
};

/** HMAC-SHA1 is in OpenSSH's own default list, too. */
export const macNames: Names<MacAlgorithm> = {
  usual: [
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha2-256",
    "hmac-sha2-512",
    "hmac-sha1-etm@openssh.com",
    "hmac-sha1",
  ],
  onRequest: ["hmac-sha1-96", "hmac-md5", "hmac-md5-96"],
};

/** `ssh-rsa` stands for SHA-1 signatures, which OpenSSH has not taken by itself since 8.8. */
export const hostKeyNames: Names<ServerHostKeyAlgorithm> = {
  usual: [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
  ],
  onRequest: ["ssh-rsa", "ssh-dss"],
};

/** What OpenSSH offers by itself and ssh2 has not, or is not trusted with. */
export const isOpenSshOnly = (name: string): boolean =>
  /^(sntrup|mlkem|chacha20-|umac-|sk-|webauthn-)|-cert-v01@/.test(name);

/** The type of the key that makes signatures of this kind. */
export const keyTypeOf = (hostKey: string): string => (hostKey.startsWith("rsa-sha2-") ? "ssh-rsa" : hostKey);

export const isCbc = (cipher: string): boolean => cipher.endsWith("-cbc");
export const isChaCha = (cipher: string): boolean => cipher.startsWith("chacha20-");
export const isEtm = (mac: string): boolean => mac.includes("-etm@");
/** Ciphers that need no MAC beside them. */
export const isAuthenticated = (cipher: string): boolean => isChaCha(cipher) || cipher.includes("-gcm");

/** What only another ssh client has, as a clause; `names` are of the kind that `option` is about. */
export function kindOfLack(option: string, names: readonly string[]): string {
  const listed = clean(names.join(" or "));
  switch (option) {
    case "KexAlgorithms":
      return names.some((name) => /sntrup|mlkem|kyber/.test(name))
        ? "post-quantum key exchange"
        : `the key exchange ${listed}`;
    case "HostKeyAlgorithms":
      if (names.length > 0 && names.every((name) => name.includes("-cert-v01@"))) return "host certificates";
      return `host keys of type ${listed}`;
    case "Ciphers":
      return `the cipher ${listed}`;
    case "MACs":
      return `the MAC ${listed}`;
    default:
      return `the compression ${listed}`;
  }
}

/** Characters of the server's own text in a sentence. */
const maxQuoted = 200;

/** The server's text without control characters, and not endless. */
export function clean(text: string): string {
  const printable = text.replace(/[^\x21-\x7e ]+/g, "?");
  return printable.length > maxQuoted ? `${printable.slice(0, maxQuoted)}…` : printable;
}
