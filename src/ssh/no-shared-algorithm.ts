import { RemoteError } from "../remote/error.ts";
import {
  cipherNames,
  clean,
  hostKeyNames,
  isAuthenticated,
  isCbc,
  isChaCha,
  isEtm,
  isOpenSshOnly,
  kexNames,
  keyTypeOf,
  kindOfLack,
  macNames,
  type Names,
} from "./algorithm-names.ts";
import type { Offered } from "./algorithms.ts";
import type { Directions, ServerOffer } from "./server-offer.ts";
import type { Able } from "./ssh2.ts";
import { hostAndPort, type SshTarget } from "./target.ts";

/** One line of the negotiation (RFC 4253, section 7.1). */
interface Subject {
  what: string;
  option: string;
  /** Ours. */
  offered: readonly string[];
  /** The server's for each direction; the same list twice where there is one only. */
  server: Directions;
  /** The user's own list, where there is one. */
  configured: readonly string[] | undefined;
  /** What could be offered, the best first. */
  possible: readonly string[];
}

export interface Sides {
  target: Pick<SshTarget, "host" | "port" | "algorithms">;
  offered: Offered;
  server: ServerOffer;
  able: Able;
}

/** Signs of protocol extensions that stand among the key exchange methods (RFC 8308; OpenSSH's PROTOCOL, section 1.9). */
const notAKex = /^(ext-info-|kex-strict-)/;

/**
 * Why a server and we have no algorithm in common: what it offers and the options that would allow one, or, in
 * `data.lacks`, that another ssh client is needed. Undefined when the lists do meet.
 */
export function noSharedAlgorithm(sides: Sides): RemoteError | undefined {
  const unmet = subjects(sides).filter((one) => !agreed(one));
  const [first] = unmet;
  if (!first) return undefined;
  const { target } = sides;
  const failed = `Cannot connect to ${hostAndPort(target)}: no matching ${first.what}: server offers ${quotedNames(first)}`;
  const options = unmet.flatMap((one) => option(one) ?? []);
  if (options.length === unmet.length) {
    const message = `${failed}; add ${options.join(" ")} to the ssh options.`;
    return new RemoteError("no_shared_algorithm", message, { host: target.host });
  }
  const stuck = unmet.find((one) => option(one) === undefined) ?? first;
  const lacks = kindOfLack(stuck.option, namesOf(stuck));
  const message = `${failed}; ${lacks} can be had from the system's ssh only (REMOTE_TRANSPORT=openssh).`;
  return new RemoteError("no_shared_algorithm", message, { host: target.host, lacks });
}

/**
 * The server would show a key of a type that is not known of it although it has one that is, for signatures that are not
 * allowed: it would look like another machine. The refusal, or undefined. `keyTypes` are those of its known keys.
 */
export function hidesKnownKey(
  { target, offered, server, able }: Sides,
  keyTypes: readonly string[],
): RemoteError | undefined {
  const shown = first(offered.serverHostKey, server.hostKey);
  if (shown === undefined || keyTypes.length === 0 || keyTypes.includes(keyTypeOf(shown))) return undefined;
  const names = possible(hostKeyNames, able.hostKeys).filter((name) => keyTypes.includes(keyTypeOf(name)));
  const name = first(names, server.hostKey);
  if (name === undefined) return undefined;
  const message = `Cannot connect to ${hostAndPort(target)}: its known host key is of type ${keyTypeOf(name)}, which it shows only with ${name} signatures; add -o HostKeyAlgorithms=+${name} to the ssh options.`;
  return new RemoteError("no_shared_algorithm", message, { host: target.host });
}

/**
 * ssh2 asks for a group as strong as the cipher's key: 7680 or 8192 bits beside more than 128, with which a handshake
 * keeps everything waiting for 0.25 s (Bun 1.3) to half a minute (Node). The refusal, or undefined.
 */
export function needsHugeGroup({ target, offered, server }: Omit<Sides, "able">): RemoteError | undefined {
  const kex = first(offered.kex, server.kex);
  if (!kex?.includes("-group-exchange-")) return undefined;
  const ways = [server.cipher.toServer, server.cipher.fromServer];
  const cipher = ways.map((names) => first(offered.cipher, names)).find((name) => name && /^aes(192|256)-/.test(name));
  if (!cipher) return undefined;
  const lacks = `${kex} beside ${cipher}`;
  const message = `Cannot connect to ${hostAndPort(target)}: ${lacks} takes too long here and can be had from the system's ssh only (REMOTE_TRANSPORT=openssh); allow another KexAlgorithms or a cipher with a key of 128 bits on the server.`;
  return new RemoteError("no_shared_algorithm", message, { host: target.host, lacks });
}

/**
 * The pairs that the Terrapin attack (CVE-2023-48795) breaks are used only where both sides do strict key exchange, which
 * ssh2 always asks for. The refusal, or undefined when what will be agreed upon is safe.
 */
export function openToTerrapin({ target, offered, server }: Omit<Sides, "able">): RemoteError | undefined {
  if (server.kex.includes("kex-strict-s-v00@openssh.com")) return undefined;
  for (const way of ["toServer", "fromServer"] as const) {
    const cipher = first(offered.cipher, server.cipher[way]);
    const mac = first(offered.hmac, server.mac[way]);
    if (cipher === undefined) continue;
    const pair = isChaCha(cipher) ? cipher : isCbc(cipher) && mac && isEtm(mac) ? `${cipher} with ${mac}` : undefined;
    if (pair === undefined) continue;
    const message = `Cannot connect to ${hostAndPort(target)}: all that it shares with the ssh options is ${pair}, which is open to attack (CVE-2023-48795) on a server as old as this; allow another cipher or MAC in the ssh options, or update the server.`;
    return new RemoteError("no_shared_algorithm", message, { host: target.host });
  }
  return undefined;
}

function subjects({ target, offered, server, able }: Sides): Subject[] {
  const configured = target.algorithms ?? {};
  const both = (list: string[]): Directions => ({ toServer: list, fromServer: list });
  const kex: Subject = {
    what: "key exchange",
    option: "KexAlgorithms",
    offered: offered.kex,
    server: both(server.kex.filter((name) => !notAKex.test(name))),
    configured: configured.kex,
    possible: possible(kexNames, able.kex),
  };
  const hostKey: Subject = {
    what: "host key type",
    option: "HostKeyAlgorithms",
    offered: offered.serverHostKey,
    server: both(server.hostKey),
    configured: configured.hostKey,
    possible: possible(hostKeyNames, able.hostKeys),
  };
  const cipher: Subject = {
    what: "cipher",
    option: "Ciphers",
    offered: offered.cipher,
    server: server.cipher,
    configured: configured.ciphers,
    possible: possible(cipherNames, able.ciphers),
  };
  const mac: Subject = {
    what: "MAC",
    option: "MACs",
    offered: offered.hmac,
    server: server.mac,
    configured: configured.macs,
    possible: possible(macNames, able.macs),
  };
  const compression: Subject = {
    what: "compression",
    option: "Compression",
    offered: offered.compress,
    server: server.compress,
    configured: undefined,
    possible: ["zlib@openssh.com", "zlib"],
  };
  const chosen = first(offered.cipher, server.cipher.toServer) ?? suggestion(cipher);
  const needsMac = chosen === undefined || !isAuthenticated(chosen);
  return [kex, hostKey, cipher, ...(needsMac ? [mac] : []), compression];
}

const possible = <T extends string>(names: Names<T>, here: readonly T[]): T[] =>
  [...names.usual, ...names.onRequest].filter((name) => here.includes(name));

/** The client's order decides. */
const first = <T extends string>(ours: readonly T[], theirs: readonly string[]): T | undefined =>
  ours.find((name) => theirs.includes(name));

const agreed = ({ offered, server }: Subject): boolean =>
  first(offered, server.toServer) !== undefined && first(offered, server.fromServer) !== undefined;

/** What the server does both ways, or all of it when nothing is. */
function namesOf({ server }: Subject): string[] {
  const shared = server.toServer.filter((name) => server.fromServer.includes(name));
  return shared.length > 0 ? shared : [...new Set([...server.toServer, ...server.fromServer])];
}

/** A name that would make the two sides meet; undefined when the user allowed what only another client can do. */
function suggestion(subject: Subject): string | undefined {
  const names = namesOf(subject);
  const { configured } = subject;
  if (names.some((name) => (configured ? configured.includes(name) : isOpenSshOnly(name)))) return undefined;
  return first(
    subject.possible,
    subject.server.toServer.filter((name) => subject.server.fromServer.includes(name)),
  );
}

function option(subject: Subject): string | undefined {
  const name = suggestion(subject);
  if (name === undefined) return undefined;
  return subject.option === "Compression" ? "-C" : `-o ${subject.option}=+${name}`;
}

function quotedNames(subject: Subject): string {
  const names = clean(namesOf(subject).join(","));
  return names === "" ? "none" : names;
}
