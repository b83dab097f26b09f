import { RemoteError, type RemoteErrorCode } from "../remote/error.ts";
import { hostAndPort, type SshTarget } from "./target.ts";

type Machine = Pick<SshTarget, "host" | "port"> & Partial<Pick<SshTarget, "addressFamily" | "bindAddress">>;

/** What is known of an error of ssh2 or of Node's sockets: `level` is ssh2's, `reason` that of a refused channel. */
interface Facts {
  message: string;
  code: unknown;
  level: unknown;
  reason: unknown;
}

type Translation = [code: RemoteErrorCode, sentence: string];

/** RFC 4254, section 5.1. */
const channelRefused = { prohibited: 1, connectFailed: 2, shortage: 4 };

/** An error of ssh2 or of a socket as one `RemoteError`; one that is a `RemoteError` already passes through. */
export function translateSshError(error: unknown, target: Machine): RemoteError {
  if (error instanceof RemoteError) return error;
  const facts = factsOf(error);
  const machine = hostAndPort(target);
  const [code, sentence] = fromSocket(facts, target, machine) ??
    fromHandshake(facts, machine) ??
    fromSession(facts, machine) ?? [
      "connection_lost",
      `The connection to ${machine} failed: ${quoted(facts.message)}.`,
    ];
  return new RemoteError(code, sentence, { host: target.host }, { cause: error });
}

/** The jump host did not open the way to the next machine. */
export function translateForwardError(
  error: unknown,
  hop: Machine,
  target: Machine & { hostName: string },
): RemoteError {
  const { reason, message } = factsOf(error);
  if (typeof reason !== "number") return translateSshError(error, hop);
  const way = `The jump host ${hostAndPort(hop)}`;
  const sentence =
    reason === channelRefused.connectFailed
      ? `${way} cannot reach ${target.hostName} port ${target.port} (${quoted(message)}); check that name and port are right as seen from there.`
      : `${way} does not allow connections to other machines, so ${hostAndPort(target)} is out of reach; allow it there (AllowTcpForwarding and PermitOpen in sshd_config) or take another jump host.`;
  return new RemoteError("unreachable", sentence, { host: target.host }, { cause: error });
}

/** `stage`: what was being waited for. */
export function connectTimedOut(target: Machine & { connectTimeoutMs: number }, stage: string): RemoteError {
  const seconds = Math.round(target.connectTimeoutMs / 100) / 10;
  const sentence = `No connection to ${hostAndPort(target)} within ${seconds} s, still waiting for ${stage}; check the network and that sshd runs there, or set a longer ConnectTimeout in the ssh options.`;
  return new RemoteError("connect_timeout", sentence, { host: target.host });
}

export const connectionLost = (target: Machine): RemoteError =>
  new RemoteError("connection_lost", `The connection to ${hostAndPort(target)} was lost; try again.`, {
    host: target.host,
  });

export function unresolved({ host, addressFamily }: Machine): RemoteError {
  const sentence = addressFamily
    ? `The name ${host} does not resolve to an IPv${addressFamily} address; check its spelling, HostName, AddressFamily and the DNS.`
    : `The name ${host} does not resolve to an address; check its spelling, HostName and the DNS.`;
  return new RemoteError("unresolved", sentence, { host });
}

/** The user's BindAddress is no address of this machine. */
export function cannotBind(target: Machine, cause: unknown): RemoteError {
  const sentence = `Cannot connect to ${hostAndPort(target)} from ${target.bindAddress} (BindAddress), which is no address of this machine; check it in the ssh configuration and that its network or VPN is up.`;
  return new RemoteError("unreachable", sentence, { host: target.host }, { cause });
}

/** The runtime connected from another address than the user's BindAddress. */
export function ignoredBind(target: Machine): RemoteError {
  const sentence = `Cannot connect to ${hostAndPort(target)} from ${target.bindAddress} (BindAddress), OpenCode's runtime does not choose local addresses; use the system's ssh (REMOTE_TRANSPORT=openssh) or leave BindAddress out.`;
  return new RemoteError("unsupported", sentence, { host: target.host, lacks: "a chosen local address (BindAddress)" });
}

/** Nothing came back although something had to. */
export const noAnswer = (target: Machine): RemoteError =>
  new RemoteError("connection_lost", notAnswering(hostAndPort(target)), { host: target.host });

const notAnswering = (machine: string): string =>
  `${machine} no longer answers, so the connection was given up; check the network and try again.`;

/** The proxy command ended before the server's greeting came through it; its last words say why. */
export function proxyEnded(target: Machine, { how, said }: { how: string; said: string }): RemoteError {
  const words = quoted(said.slice(-maxQuoted));
  const sentence = `The proxy command for ${hostAndPort(target)} ended (${how}${words ? `: "${words}"` : ""}) before the server's greeting came through it; check ProxyCommand in the ssh configuration and what it needs.`;
  return new RemoteError("unreachable", sentence, { host: target.host });
}

export const passwordExpired = ({ host, port, user }: Machine & { user: string }): RemoteError => {
  const sentence = `${hostAndPort({ host, port })} wants a new password for ${user} before it lets anybody in; log in once with ssh, change it there and try again.`;
  return new RemoteError("auth_failed", sentence, { host });
};

/** A step of the login failed on our side; ssh2 goes on with the next credential by itself. */
export const isSkippedCredential = (error: unknown): boolean => {
  const { level } = factsOf(error);
  return level === "agent" || level === "client-authentication";
};

/** A session was refused only because the server does not want to hear of the agent. */
export const isAgentRefused = (error: unknown): boolean => /request agent forwarding/.test(factsOf(error).message);

function factsOf(error: unknown): Facts {
  const first = error instanceof AggregateError ? (error.errors[0] ?? error) : error;
  const get = (key: string): unknown =>
    typeof first === "object" && first !== null ? Reflect.get(first, key) : undefined;
  const message = first instanceof Error ? first.message : String(first);
  return { message, code: get("code"), level: get("level"), reason: get("reason") };
}

function fromSocket({ code }: Facts, target: Machine, machine: string): Translation | undefined {
  switch (code) {
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "EAI_NONAME":
    case "EAI_NODATA":
      return ["unresolved", unresolved(target).message];
    case "ECONNREFUSED":
      return ["unreachable", `Nothing listens on ${machine}; check the port and that sshd runs there.`];
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EHOSTDOWN":
    case "ENETDOWN":
    case "EADDRNOTAVAIL":
    case "EACCES":
      return ["unreachable", `There is no way to ${machine} (${code}); check the network, the VPN and the address.`];
    case "ETIMEDOUT":
      return ["connect_timeout", `${machine} does not answer; check the address, the network and the firewall.`];
    case "ECONNRESET":
    case "EPIPE":
    case "ECONNABORTED":
      return ["connection_lost", `The connection to ${machine} was cut (${code}); try again.`];
  }
  return undefined;
}

function fromHandshake({ message, level }: Facts, machine: string): Translation | undefined {
  if (/no matching|Unsupported algorithm|Unknown DH group/i.test(message)) {
    const what = /matching (.+)$/.exec(message)?.[1] ?? "algorithm";
    return [
      "no_shared_algorithm",
      `${machine} and this client have no ${what} in common; allow an older one (ssh -vv shows what the server has, add it with -o KexAlgorithms=+…, HostKeyAlgorithms=+…, Ciphers=+… or MACs=+…) or use the system's ssh.`,
    ];
  }
  if (/Host denied/.test(message)) return ["host_key_unknown", `The host key of ${machine} was refused.`];
  if (/Connection lost before handshake/.test(message)) {
    return [
      "unreachable",
      `${machine} closed the connection before it said that it is an SSH server; it may be overloaded (MaxStartups), a firewall may forbid it, or something else listens there.`,
    ];
  }
  if (/identification string|Invalid header|Header line too long|greeting lines/.test(message)) {
    return ["protocol", `What listens on ${machine} is no SSH server; check the port.`];
  }
  if (/Timed out while waiting for handshake/.test(message)) {
    return ["connect_timeout", `${machine} did not finish the SSH handshake in time; try again.`];
  }
  if (/Too many authentication failures/i.test(message)) {
    return [
      "auth_failed",
      `${machine} refused the login after too many attempts (MaxAuthTries in its sshd_config); name the right key with -i and add -o IdentitiesOnly=yes, so that no other is tried first.`,
    ];
  }
  if (/All configured authentication methods failed/i.test(message)) {
    return ["auth_failed", `${machine} refused the login; check the user name and the key (-i) or the password.`];
  }
  return level === "handshake"
    ? ["protocol", `The SSH handshake with ${machine} failed: ${quoted(message)}.`]
    : undefined;
}

function fromSession({ message, level, reason, code }: Facts, machine: string): Translation | undefined {
  const length = /Packet length (\d+) exceeds max/.exec(message)?.[1];
  if (length !== undefined) return ["protocol", unreadable(machine, Number(length))];
  if (level === "client-timeout") {
    return ["connection_lost", notAnswering(machine)];
  }
  if (/No response from server|Not connected|Channel closed|unusable after/i.test(message)) {
    return ["connection_lost", `The connection to ${machine} was lost; try again.`];
  }
  if (reason === channelRefused.shortage || reason === channelRefused.connectFailed) {
    return [
      "unsupported",
      `${machine} allows no further channel (MaxSessions in its sshd_config); try again when less is running.`,
    ];
  }
  if (reason === channelRefused.prohibited) {
    return [
      "unsupported",
      `${machine} does not allow commands for this account (${quoted(message)}); use another account.`,
    ];
  }
  if (/Unable to (exec|start)/i.test(message)) {
    return ["unsupported", `${machine} does not let this account run commands; use another account.`];
  }
  // RFC 4253, section 11.1: a disconnect message carries a number and the server's own words.
  if (typeof code === "number") return ["connection_lost", `${machine} ended the connection: ${quoted(message)}.`];
  return undefined;
}

/** A login shell that prints text makes its first four letters look like a length. */
function unreadable(machine: string, length: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length >>> 0);
  const text = bytes.toString("latin1");
  return /^[\x20-\x7e\r\n\t]{4}$/.test(text)
    ? `The account on ${machine} prints text ("${text.trim()}…") where only data may come; make its shell's start files print only in interactive sessions.`
    : `${machine} sent a packet of ${length} bytes, which is no valid SSH data; try again.`;
}

/** Characters of somebody else's words in an error. */
const maxQuoted = 200;

/** The server's words: no line breaks, no control characters, not endless, no full stop before ours. */
const quoted = (text: string): string =>
  text
    .replace(/^\(SSH\) Channel open failure: /, "")
    .replace(/[^\x20-\x7e]+/g, " ")
    .trim()
    .replace(/\.+$/, "")
    .slice(0, maxQuoted);
