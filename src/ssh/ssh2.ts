import crypto from "node:crypto";
import type { CipherAlgorithm, KexAlgorithm, MacAlgorithm, ServerHostKeyAlgorithm } from "ssh2";

/** RFC 2409, section 6.2 (Second Oakley Group): the prime of `diffie-hellman-group1-sha1`, which has generator 2. */
const group2Prime =
  "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd" +
  "ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed" +
  "ee386bfb5a899fa5ae9f24117c4b1fe649286651ece65381ffffffffffffffff";

/** The algorithms that ssh2 can do with this runtime's crypto. */
export interface Able {
  kex: readonly KexAlgorithm[];
  ciphers: readonly CipherAlgorithm[];
  macs: readonly MacAlgorithm[];
  hostKeys: readonly ServerHostKeyAlgorithm[];
  /** Those of `kex` that keep everything else waiting for longer than 200 ms. */
  slowKex: readonly KexAlgorithm[];
}

export interface Ssh2 {
  ssh2: typeof import("ssh2");
  able: Able;
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
  const [ssh2, { default: supported }] = await Promise.all([import("ssh2"), import("ssh2/lib/protocol/constants.js")]);
  return { ssh2: ssh2.default, able: ableWith(supported, process.versions) };
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

type Supported = typeof import("ssh2/lib/protocol/constants.js").default;

/**
 * What ssh2 supports, less what does not work in the runtime of these versions. Measured on one core: Node proves that a
 * prime which the server chose is one (3072 bits: 1.6 s), Bun from 1.4 on does so with those of the fixed groups, too
 * (2048 bits: 0.5 s; 4096: 5 s; 6144 and 8192 outlast a connect timeout). Bun 1.3 proves nothing, but needs 0.25 s for 8192.
 */
export function ableWith(supported: Supported, { bun }: NodeJS.Dict<string>): Able {
  const [major = 0, minor = 0] = bun?.split(".").map(Number) ?? [];
  const provesAll = major > 1 || (major === 1 && minor >= 4);
  const isSlow = (name: string) =>
    provesAll ? /^diffie-hellman-group(1[4-8]|-)/.test(name) : !bun && name.includes("-group-exchange-");
  const tooSlow = provesAll ? /-group1[78]-/ : /-group18-/;
  const kex = supported.SUPPORTED_KEX.filter((name) => !bun || !tooSlow.test(name));
  return {
    kex,
    slowKex: kex.filter(isSlow),
    ciphers: supported.SUPPORTED_CIPHER,
    macs: supported.SUPPORTED_MAC,
    // Bun's crypto knows no DSA.
    hostKeys: supported.SUPPORTED_SERVER_HOST_KEY.filter((name) => !bun || name !== "ssh-dss"),
  };
}
