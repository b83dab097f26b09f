/** The algorithm names that ssh2 can do with this runtime's crypto; ssh2 has no public way to ask. */
declare module "ssh2/lib/protocol/constants.js" {
  import type { CipherAlgorithm, KexAlgorithm, MacAlgorithm, ServerHostKeyAlgorithm } from "ssh2";

  const constants: {
    SUPPORTED_KEX: readonly KexAlgorithm[];
    SUPPORTED_CIPHER: readonly CipherAlgorithm[];
    SUPPORTED_MAC: readonly MacAlgorithm[];
    SUPPORTED_SERVER_HOST_KEY: readonly ServerHostKeyAlgorithm[];
  };
  export default constants;
}
