import crypto from "node:crypto";

/** RFC 2409, section 6.2 (Second Oakley Group): the prime of `diffie-hellman-group1-sha1`, which has generator 2. */
const group2Prime =
  "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd" +
  "ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed" +
  "ee386bfb5a899fa5ae9f24117c4b1fe649286651ece65381ffffffffffffffff";

export interface Ssh2 {
  ssh2: typeof import("ssh2");
  constants: typeof import("ssh2/lib/protocol/constants.js").default;
}

let loaded: Promise<Ssh2> | undefined;

/** ssh2, loaded at the first connection. Everything of this program that needs more than its types comes through here. */
export function loadSsh2(): Promise<Ssh2> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Ssh2> {
  // ssh2 takes its reference to this function when it loads.
  addMissingGroup();
  const [ssh2, constants] = await Promise.all([import("ssh2"), import("ssh2/lib/protocol/constants.js")]);
  return { ssh2: ssh2.default, constants: constants.default };
}

/** Bun lacks "modp2", the only group of some old servers; it is offered only when the user's options name it. */
function addMissingGroup(): void {
  const original = crypto.createDiffieHellmanGroup;
  try {
    original("modp2");
  } catch {
    crypto.createDiffieHellmanGroup = (name) =>
      name === "modp2" ? crypto.createDiffieHellman(group2Prime, "hex", 2) : original(name);
  }
}
