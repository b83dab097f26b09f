import { resolve } from "node:path";
import { raceAbort } from "../util/abort.ts";
import type { Settings } from "./environment.ts";
import { findIdentityFiles } from "./identity-files.ts";
import * as read from "./interpret.ts";
import { expandHome, type TokenValues } from "./paths.ts";
import { ConfigError, type Parsed } from "./problems.ts";
import { askSshClient, type EffectiveSettings, findSshClient, type Variables } from "./ssh-client.ts";
import { parseJump, type SshCommand } from "./ssh-command.ts";
import { DEFAULT_IDENTITY_FILES, settingsWithoutClient } from "./ssh-defaults.ts";

/** One machine and everything needed to connect to it. Holds the password: never logged. */
export interface Target {
  /** As typed. */
  host: string;
  /** Name or address to connect to. */
  hostName: string;
  port: number;
  user: string;
  /** Connect over IPv4 or IPv6 only. */
  addressFamily?: 4 | 6;
  /** Local address to connect from. */
  bindAddress?: string;
  /** A shell command, tokens expanded, whose stdin and stdout carry the connection. */
  proxyCommand?: string;
  /** Absolute, existing; a `.pub` names a key that only the agent holds. */
  identityFiles: string[];
  identitiesOnly: boolean;
  /** Socket or pipe of the ssh-agent. */
  agent?: string;
  forwardAgent: boolean;
  /** Ways to log in, in the order in which they are tried; those that need the system's ssh are in `onlyClient`. */
  authentications: ("publickey" | "keyboard-interactive" | "password")[];
  /** How often a password, a passphrase or a set of the server's questions is asked for. */
  passwordPrompts: number;
  password?: string;
  passphrase?: string;
  /** Absolute, the user's then the machine's; they may not exist. */
  knownHostsFiles: string[];
  hostKeyAlias?: string;
  strictHostKeyChecking: read.StrictHostKeyChecking;
  hashKnownHosts: boolean;
  connectTimeoutMs: number;
  connectionAttempts: number;
  serverAliveIntervalMs: number;
  serverAliveCountMax: number;
  algorithms: read.Algorithms;
  compression: boolean;
  /** Variables offered with each session (SetEnv, SendEnv). */
  environment: Record<string, string>;
  /** The whole chain in the order of connecting, nearest first; each hop's own `jumps` is empty. */
  jumps: Target[];
  /** Words for the system's ssh that mean this same target, the host last; empty for a hop. */
  clientArguments: string[];
  /** Absolute path of the system's ssh; absent when there is none. */
  client?: string;
  /** What the configuration asks for and only the system's ssh can do, each as a clause: "user certificates". */
  onlyClient: string[];
  /** Sentences for the user; nothing here keeps from connecting. Those of the hops are included. */
  warnings: string[];
}

/** Long enough for a slow link, short enough that a machine that is down is noticed; the user's own value wins. */
const CONNECT_TIMEOUT_S = 15;
/** With three of them, a dead link is noticed after 30 s; OpenSSH's own default is never. */
const SERVER_ALIVE_INTERVAL_S = 10;
const SERVER_ALIVE_COUNT = 3;
/** More hops than anybody has; a longer chain is a loop in the configuration. */
const MAX_HOPS = 8;

interface Context {
  env: Variables;
  home: string;
  username: string;
  signal?: AbortSignal;
  /** The OpenSSH client on PATH. */
  client: string | undefined;
  /** What OpenSSH uses when nothing is configured. */
  builtIn: EffectiveSettings;
  problems: string[];
}

function clientArguments(command: SshCommand, home: string): string[] {
  const { configFile, user, port, jump, options } = command;
  const args: string[] = [];
  if (configFile !== undefined) {
    args.push("-F", configFile.toLowerCase() === "none" ? "none" : resolve(expandHome(configFile, home)));
  }
  if (port !== undefined) args.push("-p", String(port));
  if (user !== undefined) args.push("-l", user);
  if (jump !== undefined) args.push("-J", jump);
  return [...args, ...options.flatMap(([key, value]) => ["-o", `${key}=${value}`])];
}

async function effective(command: SshCommand, context: Context): Promise<Parsed<EffectiveSettings>> {
  if (context.client === undefined) return settingsWithoutClient(command, context);
  const args = clientArguments(command, context.home);
  return askSshClient(context.client, args, command.host, { env: context.env, signal: context.signal });
}

/** Key files that the configuration names; OpenSSH's own list counts only when the command line gives no key. */
function configuredKeys(command: SshCommand, settings: EffectiveSettings, context: Context): readonly string[] {
  const names = settings.get("identityfile") ?? [];
  const isBuiltIn = names.join("\n") === context.builtIn.get("identityfile")?.join("\n");
  return isBuiltIn && command.identityFiles.length > 0 ? [] : names;
}

/** The hops of `jump` in order of connecting; `before` is the chain that led here, to notice loops. */
async function resolveJumps(
  jump: string | undefined,
  command: SshCommand,
  context: Context,
  before: readonly string[],
): Promise<Target[]> {
  const hops = (jump === undefined ? [] : parseJump(jump, context.problems)) ?? [];
  const chain = [...before, ...hops.map((hop) => hop.host)];
  if (chain.length > MAX_HOPS) {
    const way = chain.join(" → ");
    context.problems.push(`There are more than ${MAX_HOPS} jump hosts (${way}); look for a loop of ProxyJump.`);
    return [];
  }
  const resolved = await Promise.all(
    hops.map(async (hop, index) => {
      const common = { ...hop, identityFiles: [], options: [], ignored: [], configFile: command.configFile };
      // As OpenSSH does: only the first hop follows its own ProxyJump or ProxyCommand, the others lie behind it.
      if (index === 0) return resolveOne(common, context, { chain });
      const direct: SshCommand = { ...common, jump: "none", options: [["ProxyCommand", "none"]] };
      return resolveOne(direct, context, { chain });
    }),
  );
  return resolved.filter((hop) => hop !== undefined).flatMap((hop) => [...hop.jumps, { ...hop, jumps: [] }]);
}

async function resolveOne(
  command: SshCommand,
  context: Context,
  options: { chain: readonly string[] },
): Promise<Target | undefined> {
  const isHop = options.chain.length > 0;
  const problems: string[] = [];
  const report = (): void => {
    context.problems.push(...problems.map((text) => (isHop ? `Jump host ${command.host}: ${text}` : text)));
  };
  const { host } = command;
  const { env, home, username } = context;
  const answer = await effective(command, context);
  if (!answer.ok) {
    const typed = { hostName: host, hostKeyAlias: undefined, port: command.port ?? 22, user: command.user ?? username };
    const keys = await findIdentityFiles(command.identityFiles, [], { home, localUser: username, host, env, ...typed });
    problems.push(...answer.problems, ...keys.problems);
    report();
    return undefined;
  }
  const settings = answer.value;
  problems.push(...read.unsupported(settings, { isHop }));
  const hostName = (read.single(settings, "hostname") ?? host).replace(/^\[(.*)\]$/, "$1");
  const port = read.positive(settings, "port", 22, problems);
  const user = settings.get("user")?.[0] ?? context.username;
  const hostKeyAlias = read.single(settings, "hostkeyalias");
  const values: TokenValues = { home, localUser: username, host, hostName, hostKeyAlias, port, user, env };
  const keys = await findIdentityFiles(command.identityFiles, configuredKeys(command, settings, context), values);
  problems.push(...keys.problems);
  const target: Target = {
    host,
    hostName,
    port,
    user,
    addressFamily: read.addressFamily(settings, problems),
    identityFiles: keys.files,
    identitiesOnly: read.identitiesOnly(settings),
    agent: read.agentSocket(settings, values),
    knownHostsFiles: read.knownHostsFiles(settings, values),
    hostKeyAlias,
    strictHostKeyChecking: read.strictHostKeyChecking(settings, problems),
    forwardAgent: false,
    authentications: ["publickey", "keyboard-interactive", "password"],
    passwordPrompts: 3,
    hashKnownHosts: false,
    connectionAttempts: 1,
    compression: false,
    environment: {},
    clientArguments: [],
    onlyClient: [],
    connectTimeoutMs: 1000 * read.positive(settings, "connecttimeout", CONNECT_TIMEOUT_S, problems),
    serverAliveIntervalMs: 1000 * read.positive(settings, "serveraliveinterval", SERVER_ALIVE_INTERVAL_S, problems),
    serverAliveCountMax: read.positive(settings, "serveralivecountmax", SERVER_ALIVE_COUNT, problems),
    algorithms: read.changedAlgorithms(settings, context.builtIn),
    jumps: await resolveJumps(read.single(settings, "proxyjump"), command, context, options.chain),
    warnings: [
      ...command.ignored.map((name) => `-o ${name} has no effect here.`),
      ...read.withoutEffect(settings),
      ...keys.warnings,
    ],
  };
  report();
  return target;
}

async function builtInSettings(client: string | undefined, options: Pick<Context, "env" | "signal">) {
  const without: EffectiveSettings = new Map([["identityfile", DEFAULT_IDENTITY_FILES]]);
  if (client === undefined) return without;
  const answer = await askSshClient(client, ["-F", "none"], "localhost", options);
  return answer.ok ? answer.value : without;
}

/**
 * The effective settings of the target and of its jump hosts: what the OpenSSH client on `env.PATH` makes of the command
 * line and the user's configuration, else the command line with OpenSSH's defaults. Reads files and runs `ssh -G`, but
 * connects nowhere. `home` and `username` are the local account's. Throws `ConfigError` with every problem, or the
 * signal's reason. The password is the target's alone, no jump host gets it.
 */
export async function resolveTarget(
  settings: Pick<Settings, "ssh" | "password">,
  options: { env: Variables; home: string; username: string; signal?: AbortSignal },
): Promise<Target> {
  options.signal?.throwIfAborted();
  const client = await findSshClient(options.env);
  const builtIn = await builtInSettings(client, options);
  const context: Context = { ...options, client, builtIn, problems: [] };
  const target = await raceAbort(resolveOne(settings.ssh, context, { chain: [] }), options.signal);
  if (target === undefined || context.problems.length > 0) throw new ConfigError([...new Set(context.problems)]);
  const ofHops = target.jumps.flatMap((hop) => hop.warnings.map((warning) => `Jump host ${hop.host}: ${warning}`));
  return { ...target, password: settings.password, warnings: [...target.warnings, ...ofHops] };
}
