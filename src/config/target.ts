import { isIP } from "node:net";
import { raceAbort } from "../util/abort.ts";
import { type Authentication, authentications } from "./authentications.ts";
import { boundAddress } from "./bind-address.ts";
import { clientArguments } from "./client-arguments.ts";
import { type Asker, effectiveSettings, withoutConfiguration } from "./effective.ts";
import type { Settings } from "./environment.ts";
import { findCertificates, findIdentityFiles } from "./identity-files.ts";
import * as read from "./interpret.ts";
import { hasTicket } from "./kerberos-ticket.ts";
import { onlyClient } from "./only-client.ts";
import { expandFile } from "./paths.ts";
import { ConfigError } from "./problems.ts";
import { sessionEnvironment } from "./session-environment.ts";
import { type EffectiveSettings, findSshClient, type Variables } from "./ssh-client.ts";
import { parseJump, type SshCommand } from "./ssh-command.ts";
import type { TokenValues } from "./tokens.ts";

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
  authentications: Authentication[];
  /** How often a password, a passphrase or a set of the server's questions is asked for. */
  passwordPrompts: number;
  password?: string;
  passphrase?: string;
  /** Absolute, the user's then the machine's; they may not exist. */
  knownHostsFiles: string[];
  /** No file is the user's own (UserKnownHostsFile none), so that no key can be accepted for the first time. */
  knownHostsReadOnly?: boolean;
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
  /**
   * What the configuration asks for, only the system's ssh can do and must not be passed over in silence, each as a clause:
   * "user certificates". That of the hops is included.
   */
  onlyClient: string[];
  /** Clauses for what only the system's ssh can do and matters only once the login was refused; that of the hops included. */
  clientMayHelp: string[];
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

interface Context extends Asker {
  /** What OpenSSH uses when nothing is configured. */
  builtIn: EffectiveSettings;
  passphrase: string | undefined;
  problems: string[];
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

const RIVALS: Readonly<Record<string, string>> = { ProxyCommand: "ProxyJump", ProxyJump: "ProxyCommand" };

function ignoredOption(name: string): string {
  const rival = RIVALS[name];
  return `-o ${name} has no effect here${rival ? `: the ${rival} before it counts` : ""}.`;
}

/** Keys, certificates and known hosts: everything for which files are looked at. */
async function findFiles(command: SshCommand, settings: EffectiveSettings, values: TokenValues, context: Context) {
  const keys = await findIdentityFiles(command.identityFiles, configuredKeys(command, settings, context), values);
  const certificates = await findCertificates(settings.get("certificatefile") ?? [], values);
  const provider = read.single(settings, "securitykeyprovider");
  const isOwnProvider = provider !== read.single(context.builtIn, "securitykeyprovider");
  return {
    ...keys,
    onlyClient: [
      ...certificates.onlyClient,
      ...(keys.securityKeys.length > 0 && isOwnProvider ? ["FIDO keys (SecurityKeyProvider)"] : []),
    ],
    warnings: [...certificates.warnings, ...keys.warnings],
  };
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
  const { env, home, username, builtIn, client, passphrase } = context;
  const answer = await effectiveSettings(command, context);
  if (!answer.ok) {
    const typed = { hostName: host, hostKeyAlias: undefined, port: command.port ?? 22, user: command.user ?? username };
    const keys = await findIdentityFiles(command.identityFiles, [], { home, localUser: username, host, env, ...typed });
    problems.push(...answer.problems, ...keys.problems);
    report();
    return undefined;
  }
  const { settings } = answer.value;
  if (!isHop) problems.push(...read.refused(settings));
  const hostName = (read.single(settings, "hostname") ?? host).replace(/^\[(.*)\]$/, "$1");
  const port = read.positive(settings, "port", 22, problems);
  const user = settings.get("user")?.[0] ?? username;
  problems.push(...read.suspicious({ hostName, user }));
  const hostKeyAlias = read.single(settings, "hostkeyalias");
  const values: TokenValues = { home, localUser: username, host, hostName, hostKeyAlias, port, user, env };
  const files = await findFiles(command, settings, values, context);
  problems.push(...files.problems);
  const family = read.addressFamily(settings, problems);
  const numeric = isIP(hostName);
  const bound = boundAddress(settings, numeric === 4 || numeric === 6 ? numeric : family, problems);
  const logins = authentications(settings, builtIn, problems);
  const kerberos = command.options.some(([key]) => key === "GSSAPIAuthentication") || (await hasTicket(env));
  const forwardAgent = command.forwardAgent === true;
  const warnings = [
    ...command.ignored.map(ignoredOption),
    ...(forwardAgent
      ? [`The ssh-agent is forwarded (-A): whoever is root on ${host} can use its keys while it is.`]
      : []),
    ...read.withoutEffect(settings, isHop ? false : command.forwardAgent),
    ...answer.value.warnings,
    ...files.warnings,
  ];
  const jumps = await resolveJumps(read.single(settings, "proxyjump"), command, context, options.chain);
  const target: Target = {
    host,
    hostName,
    port,
    user,
    addressFamily: family,
    bindAddress: bound.address,
    proxyCommand: read.proxyCommand(settings, values, problems),
    identityFiles: files.files,
    identitiesOnly: read.identitiesOnly(settings),
    agent: read.agentSocket(settings, values),
    forwardAgent,
    authentications: logins.methods,
    passwordPrompts: read.passwordPrompts(settings, problems),
    passphrase,
    knownHostsFiles: read.knownHostsFiles(settings, values),
    knownHostsReadOnly: read.knownHostsReadOnly(settings),
    hostKeyAlias,
    strictHostKeyChecking: read.strictHostKeyChecking(settings, problems),
    hashKnownHosts: read.isTrue(read.single(settings, "hashknownhosts")),
    connectTimeoutMs: read.positiveTime(settings, "connecttimeout", CONNECT_TIMEOUT_S, problems),
    connectionAttempts: read.positive(settings, "connectionattempts", 1, problems),
    serverAliveIntervalMs: read.positiveTime(settings, "serveraliveinterval", SERVER_ALIVE_INTERVAL_S, problems),
    serverAliveCountMax: read.positive(settings, "serveralivecountmax", SERVER_ALIVE_COUNT, problems),
    algorithms: read.changedAlgorithms(settings, builtIn),
    compression: read.isTrue(read.single(settings, "compression")),
    environment: sessionEnvironment(settings, env),
    jumps,
    clientArguments: isHop
      ? []
      : clientArguments(command, {
          home,
          identityFiles: command.identityFiles.map((name) => expandFile(name, values)),
          settings,
        }),
    client,
    onlyClient: [
      ...onlyClient(settings),
      ...files.onlyClient,
      ...logins.onlyClient,
      ...(bound.onlyClient ? [bound.onlyClient] : []),
    ],
    clientMayHelp: [...(kerberos ? logins.clientMayHelp : []), ...files.clientMayHelp],
    warnings: read.isQuiet(settings) ? [] : [...new Set(warnings)],
  };
  report();
  return target;
}

/** What the target needs for its jump hosts, said of each. */
function withHops(target: Target): Target {
  const { jumps } = target;
  const of = (key: "onlyClient" | "clientMayHelp"): string[] => [
    ...target[key],
    ...jumps.flatMap((hop) => hop[key].map((clause) => `${clause} for the jump host ${hop.host}`)),
  ];
  const warnings = jumps.flatMap((hop) => hop.warnings.map((warning) => `Jump host ${hop.host}: ${warning}`));
  return {
    ...target,
    onlyClient: of("onlyClient"),
    clientMayHelp: of("clientMayHelp"),
    warnings: [...new Set([...target.warnings, ...warnings])],
  };
}

/**
 * The effective settings of the target and of its jump hosts: what the OpenSSH client on `env.PATH` makes of the command
 * line and the user's configuration, without a client what the files say. Reads files and runs `ssh -G`, but connects
 * nowhere. `home` and `username` are the local account's. Throws `ConfigError` with every problem, or the signal's reason.
 * The password is the target's alone; the passphrase goes to the jump hosts, too, whose key files are the user's own.
 */
export async function resolveTarget(
  settings: Pick<Settings, "ssh" | "password" | "passphrase">,
  options: { env: Variables; home: string; username: string; signal?: AbortSignal },
): Promise<Target> {
  options.signal?.throwIfAborted();
  const client = await findSshClient(options.env);
  const builtIn = await withoutConfiguration({ ...options, client });
  const context: Context = { ...options, client, builtIn, passphrase: settings.passphrase, problems: [] };
  const target = await raceAbort(resolveOne(settings.ssh, context, { chain: [] }), options.signal);
  if (target === undefined || context.problems.length > 0) throw new ConfigError([...new Set(context.problems)]);
  return { ...withHops(target), password: settings.password };
}
