/** The library that ssh2 itself uses; only what is needed of it. */
declare module "bcrypt-pbkdf" {
  const bcrypt: {
    /** Bytes of one block. */
    HASHSIZE: number;
    /** One round: SHA-512 digests of passphrase and salt in, a block out. */
    hash(passphrase: Uint8Array, salt: Uint8Array, out: Uint8Array): void;
  };
  export default bcrypt;
}
