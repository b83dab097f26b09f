import type {
  Algorithms,
  CipherAlgorithm,
  CompressionAlgorithm,
  KexAlgorithm,
  MacAlgorithm,
  ServerHostKeyAlgorithm,
} from "ssh2";
import { RemoteError } from "../remote/error.ts";
import {
  cipherNames,
  hostKeyNames,
  isCbc,
  isChaCha,
  isEtm,
  kexNames,
  keyTypeOf,
  kindOfLack,
  macNames,
  type Names,
} from "./algorithm-names.ts";
import type { Able } from "./ssh2.ts";
import { hostAndPort, type SshTarget } from "./target.ts";

/** What is offered to a server, each list in our order; ssh2 takes it as it is. */
export interface Offered extends Algorithms {
  kex: KexAlgorithm[];
  cipher: CipherAlgorithm[];
  hmac: MacAlgorithm[];
  serverHostKey: ServerHostKeyAlgorithm[];
  compress: CompressionAlgorithm[];
}

/**
 * What to offer this target: the user's lists where there are some, less what ssh2 or the runtime lacks, else safe defaults.
 * `knownKeyTypes` are the types of the host's known keys: asked for first, else a good host could look changed.
 * Throws `no_shared_algorithm` when nothing of a list is left.
 */
export function offeredAlgorithms(
  target: Pick<SshTarget, "host" | "port" | "algorithms" | "compression">,
  knownKeyTypes: readonly string[],
  able: Able,
): Offered {
  const choose = <T extends string>(
    option: string,
    wanted: readonly string[] | undefined,
    names: Names<T>,
    here: readonly T[],
  ) => {
    const chosen = wanted
      ? wanted.flatMap((name) => here.find((one) => one === name) ?? [])
      : intersect(names.usual, here);
    if (chosen.length > 0) return chosen;
    const message = `Cannot connect to ${hostAndPort(target)}: none of the configured ${option} (${wanted?.join(",")}) is available here; name others in the ssh options, or use the system's ssh.`;
    throw new RemoteError("no_shared_algorithm", message, {
      host: target.host,
      lacks: kindOfLack(option, wanted ?? []),
    });
  };
  const names = target.algorithms ?? {};
  const cipher = withoutChaCha(choose("Ciphers", names.ciphers, cipherNames, able.ciphers));
  const mac = choose("MACs", names.macs, macNames, able.macs);
  const hostKey = choose("HostKeyAlgorithms", names.hostKey, hostKeyNames, able.hostKeys);
  return {
    kex: last(choose("KexAlgorithms", names.kex, kexNames, able.kex), (name) => able.slowKex.includes(name)),
    cipher,
    hmac: cipher.some(isCbc) ? last(mac, isEtm) : mac,
    serverHostKey: last(hostKey, (name) => !knownKeyTypes.includes(keyTypeOf(name))),
    compress: target.compression ? ["zlib@openssh.com", "zlib", "none"] : ["none"],
  };
}

const intersect = <T>(usual: readonly T[], here: readonly T[]): T[] => usual.filter((name) => here.includes(name));

/** The same names in the same order, but for some that go to the end. */
const last = <T>(list: readonly T[], isLast: (name: T) => boolean): T[] => [
  ...list.filter((name) => !isLast(name)),
  ...list.filter(isLast),
];

/** Terrapin again; a list that holds nothing else is the user's own decision. */
function withoutChaCha(list: CipherAlgorithm[]): CipherAlgorithm[] {
  const rest = list.filter((name) => !isChaCha(name));
  return rest.length > 0 ? rest : list;
}
