import { isAtLeast } from "./client-version.ts";
import type { ClientTarget } from "./target.ts";

/** Where the parts of one connection meet, in its private directory. */
export interface Meeting {
  /** The control socket. */
  socket: string;
  /** The master's own messages, apart from those of programs that it runs and from the server's banner. */
  log: string;
  /** The program that the client runs to ask. */
  askpass: string;
}

const option = (name: string, value: string | number): string[] => ["-o", `${name}=${value}`];

/**
 * The words for the connection that carries all sessions. For the client the first value of a setting counts, so ours stand
 * before the target's own: nothing is forwarded or run, nothing goes to the background, no other control socket is used.
 */
export function masterArguments(target: ClientTarget, version: readonly [number, number], meeting: Meeting): string[] {
  return [
    "-N",
    "-T",
    ...["-S", percentQuoted(meeting.socket)],
    ...["-E", meeting.log],
    ...option("ControlMaster", "yes"),
    ...option("ControlPersist", "no"),
    ...option("ClearAllForwardings", "yes"),
    ...option("ForwardX11", "no"),
    ...option("Tunnel", "no"),
    ...(target.forwardAgent ? [] : option("ForwardAgent", "no")),
    ...option("RequestTTY", "no"),
    ...option("RemoteCommand", "none"),
    ...option("PermitLocalCommand", "no"),
    ...option("EscapeChar", "none"),
    ...(isAtLeast(version, [8, 7]) ? option("ForkAfterAuthentication", "no") : []),
    ...(target.password === undefined && target.passphrase === undefined ? [] : option("BatchMode", "no")),
    ...option("NumberOfPasswordPrompts", target.passwordPrompts),
    ...option("ConnectTimeout", seconds(target.connectTimeoutMs)),
    ...option("ServerAliveInterval", seconds(target.serverAliveIntervalMs)),
    ...option("ServerAliveCountMax", target.serverAliveCountMax),
    // The lines that tell the host key, the server's software and how each channel ended are of this level.
    ...option("LogLevel", "DEBUG1"),
    ...option("FingerprintHash", "sha256"),
    // The master lets through only the names that it was told, too.
    ...sentNames(target).flatMap((name) => option("SendEnv", name)),
    ...target.clientArguments,
  ];
}

/** Questions go to our program: the terminal belongs to the TUI. Clients before 8.4 ask that way only where there is a display. */
export function masterEnvironment(
  env: NodeJS.ProcessEnv,
  version: readonly [number, number],
  { askpass }: Meeting,
): NodeJS.ProcessEnv {
  const display = isAtLeast(version, [8, 4]) || env.DISPLAY ? {} : { DISPLAY: ":" };
  return { ...env, ...display, SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: "force" };
}

/**
 * The words for one session over the control socket. Without configuration, and with a proxy that fails: when the socket is
 * gone the client would else make a connection of its own. The level shows when the session is open.
 */
export function sessionArguments(target: ClientTarget, { socket }: Pick<Meeting, "socket">, command: string): string[] {
  return [
    ...["-F", "none"],
    ...["-S", percentQuoted(socket)],
    ...option("ControlMaster", "no"),
    ...option("ProxyCommand", "false"),
    ...option("ForwardAgent", target.forwardAgent ? "yes" : "no"),
    ...option("BatchMode", "yes"),
    ...option("LogLevel", "DEBUG1"),
    ...sentNames(target).flatMap((name) => option("SendEnv", name)),
    ...["-T", "-e", "none", "--", "session", command],
  ];
}

/** The target's variables travel in the environment: `ps` shows the words of everybody's commands. */
export function sessionEnvironment(env: NodeJS.ProcessEnv, target: ClientTarget): NodeJS.ProcessEnv {
  const names = sentNames(target);
  return { ...env, ...Object.fromEntries(names.map((name) => [name, target.environment[name]])) };
}

const sentNames = ({ environment }: ClientTarget): string[] =>
  // `SendEnv` takes patterns, and the loader's variables would change the client itself.
  Object.keys(environment).filter((name) => /^[A-Za-z_]\w*$/.test(name) && !/^(LD|DYLD)_/.test(name));

const seconds = (ms: number): number => Math.ceil(ms / 1000);

/** The client expands `%` in the path of its control socket. */
const percentQuoted = (path: string): string => path.replaceAll("%", "%%");
