import { RemoteError, type RemoteErrorCode } from "../remote/error.ts";
import type { Question } from "../remote/prompter.ts";
import { type ClientTarget, hostAndPort, isIndirect } from "./target.ts";

type Machine = Pick<ClientTarget, "host" | "port" | "user" | "proxyCommand" | "jumps">;
type Translation = [code: RemoteErrorCode, sentence: string];

export interface LastWords {
  /** The master's own messages. */
  log: string;
  /** What programs on the way and, after the login, the master said. */
  stderr: string;
  /** Whether the login was done. */
  wasReady: boolean;
  /** Clauses for a failed login. */
  notes?: readonly string[];
}

/** Why the master ended, as one `RemoteError`. The client's messages are read here and nowhere else. */
export function whyEnded(target: Machine, words: LastWords): RemoteError {
  const { host } = target;
  const make = ([code, sentence]: Translation) => new RemoteError(code, sentence, { host });
  if (words.wasReady) return make(lostLink(target, `${words.log}\n${words.stderr}`));
  const log = messages(words.log);
  const notes = words.notes?.length ? `; ${[...new Set(words.notes)].join("; ")}` : "";
  return make(
    (wayBroke(log) && isIndirect(target) ? onTheWay(target, words.stderr, notes) : undefined) ??
      fromHostKey(log, hostAndPort(target)) ??
      fromLogin(log, { machine: `${hostAndPort(target)}`, who: ` as ${target.user}`, notes }) ??
      fromNetwork(log, target) ??
      fromHandshake(log, hostAndPort(target)) ??
      fromConfiguration(messages(`${words.log}\n${words.stderr}`), host) ?? [
        "unreachable",
        `The system's ssh could not connect to ${hostAndPort(target)}${saying(log)}; try the same with ssh -v.`,
      ],
  );
}

export function loginTimedOut(target: Machine, limitMs: number, stage: string): RemoteError {
  const sentence = `No connection to ${hostAndPort(target)} within ${limitMs / 1000} s, still waiting for ${stage}; check the network and that sshd runs there, or set a longer ConnectTimeout in the ssh options.`;
  return new RemoteError("connect_timeout", sentence, { host: target.host });
}

export function unanswered(target: Machine, question: Question): RemoteError {
  const { host } = target;
  const machine = hostAndPort(target);
  if (question.kind === "host-key") {
    const key = question.fingerprint ? ` (${question.fingerprint})` : "";
    const sentence = `The host key of ${machine}${key} is not known and was not accepted; compare the fingerprint with the machine's own and connect once with ssh to accept it, or add -o StrictHostKeyChecking=accept-new to the ssh options.`;
    return new RemoteError("host_key_unknown", sentence, { host });
  }
  const advice = question.kind === "password" ? "set REMOTE_PASSWORD or use a key" : "answer it, or log in with a key";
  const sentence = `The login to ${machine} asks "${quoted(question.text)}", which nobody answered; ${advice}.`;
  return new RemoteError("auth_failed", sentence, { host });
}

export function refusedPassword(target: Machine): RemoteError {
  const sentence = `${hostAndPort(target)} refused the password for ${target.user}; check REMOTE_PASSWORD and the user name.`;
  return new RemoteError("auth_failed", sentence, { host: target.host });
}

export function keyChanged(target: Machine, hostKey: string): RemoteError {
  const sentence = `The host key of ${hostAndPort(target)} changed since this session began (it is now ${hostKey}); if that was expected, start OpenCode again, else ask the machine's administrator.`;
  return new RemoteError("host_key_changed", sentence, { host: target.host });
}

export const noHostKey = (target: Machine): RemoteError =>
  new RemoteError(
    "protocol",
    `The system's ssh does not tell the host key of ${hostAndPort(target)}; use a newer OpenSSH client (6.8 or later).`,
    { host: target.host },
  );

export const noClient = ({ host }: Machine): RemoteError =>
  new RemoteError(
    "unsupported",
    `Cannot connect to ${host} with the system's ssh: there is no OpenSSH client on PATH; install one, or remove REMOTE_TRANSPORT=openssh.`,
    { host },
  );

export const notOnWindows = ({ host }: Machine): RemoteError =>
  new RemoteError(
    "unsupported",
    `Cannot connect to ${host} with the system's ssh: on Windows it cannot share a connection (ControlMaster); run OpenCode in WSL, or remove REMOTE_TRANSPORT=openssh.`,
    { host },
  );

export function cannotRunClient({ host }: Machine, cause: unknown): RemoteError {
  const why = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
  const sentence = `Cannot connect to ${host}: the system's ssh cannot be run${why}; check that it is installed and that this account may start further programs.`;
  return new RemoteError("unsupported", sentence, { host }, { cause });
}

/** A session that was not opened: its command certainly did not run. */
export function sessionRefused(target: Machine, said: string): RemoteError | undefined {
  if (!/session request failed|[Ss]ession open refused/.test(said)) return;
  const sentence = `${hostAndPort(target)} allows no further session (MaxSessions in its sshd_config); try again when less is running.`;
  return new RemoteError("unsupported", sentence, { host: target.host });
}

export const sessionLost = (target: Machine): RemoteError =>
  new RemoteError("connection_lost", `The connection to ${hostAndPort(target)} was lost; try again.`, {
    host: target.host,
  });

/** Messages of the client without its debugging ones. */
const messages = (text: string): string =>
  text
    .split(/\r?\n/)
    .filter((line) => line.trim() && !/^debug\d: /.test(line))
    .join("\n");

function lostLink(target: Machine, text: string): Translation {
  const machine = hostAndPort(target);
  if (/^Timeout, server .* not responding/m.test(text)) {
    return [
      "connection_lost",
      `${machine} no longer answers, so the connection was given up; check the network and try again.`,
    ];
  }
  const said = /^Received disconnect from .*?:\d+: (.*)$/m.exec(text)?.[1];
  if (said) return ["connection_lost", `${machine} ended the connection: ${quoted(said)}.`];
  return ["connection_lost", `The connection to ${machine} was lost; try again.`];
}

/** The byte channel ended before the server said that it is one; with a proxy, the reason is with the proxy. */
const wayBroke = (text: string): boolean =>
  /^kex_exchange_identification: |^banner exchange: |^ssh_exchange_identification: |^Connection (closed|reset) by UNKNOWN|^Connection timed out during banner exchange/m.test(
    text,
  );

function onTheWay(target: Machine, stderr: string, notes: string): Translation {
  const said = messages(stderr);
  const hops = target.jumps.map((hop) => hop.host).join(", ");
  const way = hops ? `the jump host ${hops}` : "the proxy command";
  const advice = hops ? "check that each jump host can be reached with ssh" : "run the command by itself to see why";
  const inner =
    fromHostKey(said, `${way} to ${target.host}`) ??
    fromLogin(said, { machine: `The way to ${hostAndPort(target)} (${way})`, who: "", notes });
  if (inner) return inner;
  return [
    "unreachable",
    `There is no way to ${hostAndPort(target)}: ${way} ended before the machine answered${saying(said)}; ${advice}.`,
  ];
}

function fromHostKey(text: string, machine: string): Translation | undefined {
  if (/REVOKED HOST KEY DETECTED|^Host key .* revoked/m.test(text)) {
    return [
      "host_key_changed",
      `The host key of ${machine} is marked as revoked in the known_hosts files; do not connect, ask the machine's administrator for a new key.`,
    ];
  }
  if (/HOST IDENTIFICATION HAS CHANGED|^Host key for .* has changed/m.test(text)) {
    const key = /(SHA256:[\w+/]+)/.exec(text)?.[1];
    return [
      "host_key_changed",
      `The host key of ${machine} is not the known one${key ? ` (it is now ${key})` : ""}: either the machine was reinstalled or somebody is in between; ask its administrator, and only if the new key is right remove the old one with ssh-keygen -R.`,
    ];
  }
  const certificate =
    /^(?:Certificate invalid: .*|.*certificate.*(?:expired|not yet valid|not a listed principal).*)$/im.exec(text);
  if (certificate) {
    return [
      "host_key_unknown",
      `The host certificate of ${machine} was refused (${quoted(certificate[0])}); ask its administrator for a valid one.`,
    ];
  }
  if (/host key is known for|^Host key verification failed/m.test(text)) {
    return [
      "host_key_unknown",
      `The host key of ${machine} is not in the known_hosts files; compare the fingerprint with the machine's own and connect once with ssh to accept it, or add -o StrictHostKeyChecking=accept-new to the ssh options.`,
    ];
  }
  return undefined;
}

function fromLogin(
  text: string,
  { machine, who, notes }: { machine: string; who: string; notes: string },
): Translation | undefined {
  const accepts = /Permission denied \((.*?)\)/.exec(text)?.[1];
  if (accepts === undefined && !/Too many authentication failures|No supported authentication methods/.test(text))
    return;
  const methods = accepts
    ? ` (the server accepts ${quoted(accepts.replaceAll(",", ", "))}${notes})`
    : notes && ` (${notes.slice(2)})`;
  return [
    "auth_failed",
    `${machine} refused the login${who}${methods}; check the user name, name the right key with -i or load it into the agent, or set REMOTE_PASSWORD.`,
  ];
}

function fromNetwork(text: string, target: Machine): Translation | undefined {
  const machine = hostAndPort(target);
  if (/Could not resolve hostname/.test(text)) {
    return [
      "unresolved",
      `The name ${target.host} does not resolve to an address; check its spelling, HostName and the DNS.`,
    ];
  }
  const why = /^ssh: connect to (?:host|address) .*: (.*)$|^connect to (?:host|address) .*: (.*)$/m.exec(text);
  const reason = why?.[1] ?? why?.[2];
  if (reason === undefined) return;
  if (/refused/.test(reason)) {
    return ["unreachable", `Nothing listens on ${machine}; check the port and that sshd runs there.`];
  }
  if (/timed out/.test(reason)) {
    return ["connect_timeout", `${machine} does not answer; check the address, the network and the firewall.`];
  }
  return [
    "unreachable",
    `There is no way to ${machine} (${quoted(reason)}); check the network, the VPN and the address.`,
  ];
}

/** The option that brings an older algorithm back, by the client's word for its kind. */
const options: readonly [RegExp, string][] = [
  [/key exchange/, "KexAlgorithms"],
  [/host key/, "HostKeyAlgorithms"],
  [/cipher/, "Ciphers"],
  [/MAC/, "MACs"],
];

function fromHandshake(text: string, machine: string): Translation | undefined {
  const [, what, offered] = /no matching (.+?) found\. Their offer: (.*)/.exec(text) ?? [];
  if (what !== undefined && offered !== undefined) {
    const option = options.find(([kind]) => kind.test(what))?.[1] ?? "KexAlgorithms";
    // Two names in the list only say what the server can do besides.
    const names = offered.split(",").filter((name) => !/^(kex-strict|ext-info)-/.test(name));
    const [first = "…"] = names;
    const offer = names.join(", ");
    return [
      "no_shared_algorithm",
      `${machine} and the system's ssh have no ${what} in common (the server offers ${quoted(offer)}); if that is acceptable, add -o ${option}=+${quoted(first)} to the ssh options.`,
    ];
  }
  if (/banner line contains invalid|invalid protocol identifier|remote protocol version/i.test(text)) {
    return ["protocol", `What listens on ${machine} is no SSH server; check the port.`];
  }
  if (/timed out during banner exchange|Connection to .* timed out/.test(text)) {
    return ["connect_timeout", `${machine} did not finish the SSH handshake in time; try again.`];
  }
  if (wayBroke(text)) {
    return [
      "unreachable",
      `${machine} closed the connection before it said that it is an SSH server; it may be overloaded (MaxStartups), a firewall may forbid it, or something else listens there.`,
    ];
  }
  const said = /^Received disconnect from .*?:\d+: (.*)$/m.exec(text)?.[1];
  if (said) return ["connection_lost", `${machine} ended the connection: ${quoted(said)}.`];
  if (/Connection (closed|reset) by|Broken pipe/.test(text)) {
    return ["connection_lost", `The connection to ${machine} was cut during the login; try again.`];
  }
  return undefined;
}

function fromConfiguration(text: string, host: string): Translation | undefined {
  const line =
    /^.*(?:Bad configuration option|Bad owner or permissions|bad configuration options|[Mm]issing argument|unsupported option|[Ii]nvalid .* argument|Bad .* specification).*$/m.exec(
      text,
    )?.[0];
  if (line) return ["config", `The system's ssh does not accept the settings for ${host}: ${quoted(line)}.`];
  if (/unix_listener|ControlPath|control socket/i.test(text)) {
    return [
      "unsupported",
      `The system's ssh cannot make its control socket for ${host}; set TMPDIR to a directory with a short name on a local disk.`,
    ];
  }
  return undefined;
}

/** The last line of what was said, as a clause. */
function saying(text: string): string {
  const last = text.split("\n").at(-1) ?? "";
  return last ? ` (it says: "${quoted(last)}")` : "";
}

/** Others' words: no line breaks, no control characters, not endless, no full stop before ours. */
const quoted = (text: string): string =>
  text
    .replace(/[^\x20-\x7e]+/g, " ")
    .trim()
    .replace(/\.+$/, "")
    .slice(0, 200);
