import { join, resolve } from "node:path";
import { ALGORITHM_LISTS } from "./algorithm-lists.ts";
import { type ConfigFile, type Reading, readConfigFiles } from "./config-file.ts";
import { applyKeyword } from "./config-keyword.ts";
import { expandHome } from "./paths.ts";
import type { Parsed } from "./problems.ts";
import type { EffectiveSettings, Variables } from "./ssh-client.ts";
import type { SshCommand } from "./ssh-command.ts";
import { expandTokens } from "./tokens.ts";

/** OpenSSH's order (readconf.c, fill_default_options). */
const DEFAULT_IDENTITY_FILES = ["rsa", "ecdsa", "ecdsa_sk", "ed25519", "ed25519_sk", "xmss", "dsa"].map(
  (type) => `~/.ssh/id_${type}`,
);

const USER_KNOWN_HOSTS = ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"];

/** Where the machine's own configuration lies. */
const systemDirectory = (env: Variables): string =>
  process.platform === "win32" ? join(env.ProgramData ?? "C:\\ProgramData", "ssh") : "/etc/ssh";

/** What OpenSSH uses when nothing is configured, as far as it is used here (readconf.c, fill_default_options). */
export function builtInSettings(env: Variables): EffectiveSettings {
  const directory = systemDirectory(env);
  const lists = [...ALGORITHM_LISTS].map(([key, { standard }]) => [key, [standard.join(",")]] as const);
  return new Map<string, readonly string[]>([
    ...lists,
    ["addressfamily", ["any"]],
    ["compression", ["no"]],
    ["connectionattempts", ["1"]],
    ["connecttimeout", ["none"]],
    ["forwardagent", ["no"]],
    ["globalknownhostsfile", [join(directory, "ssh_known_hosts"), join(directory, "ssh_known_hosts2")]],
    ["gssapiauthentication", ["no"]],
    ["hashknownhosts", ["no"]],
    ["hostbasedauthentication", ["no"]],
    ["identitiesonly", ["no"]],
    ["identityfile", DEFAULT_IDENTITY_FILES],
    ["kbdinteractiveauthentication", ["yes"]],
    ["loglevel", ["INFO"]],
    ["numberofpasswordprompts", ["3"]],
    ["passwordauthentication", ["yes"]],
    ["port", ["22"]],
    ["proxyusefdpass", ["no"]],
    ["pubkeyauthentication", ["true"]],
    ["requesttty", ["auto"]],
    ["securitykeyprovider", ["internal"]],
    ["serveralivecountmax", ["3"]],
    ["serveraliveinterval", ["0"]],
    ["stricthostkeychecking", ["ask"]],
    ["userknownhostsfile", USER_KNOWN_HOSTS],
    ["verifyhostkeydns", ["false"]],
  ]);
}

/** In the order in which they count. */
function configFiles({ configFile }: SshCommand, { home, env }: { home: string; env: Variables }): ConfigFile[] {
  if (configFile?.toLowerCase() === "none") return [];
  if (configFile !== undefined)
    return [{ path: resolve(expandHome(configFile, home)), isUsers: true, isRequired: true }];
  return [
    { path: join(home, ".ssh", "config"), isUsers: true, isChecked: true },
    { path: join(systemDirectory(env), "ssh_config"), isUsers: false },
  ];
}

/** Keywords whose `none` means that nothing is set. */
const CLEARED_BY_NONE = [
  "knownhostscommand",
  "pkcs11provider",
  "proxycommand",
  "proxyjump",
  "remotecommand",
  "revokedhostkeys",
  "securitykeyprovider",
];

/** HostName with its tokens, in lower case as OpenSSH connects to it. */
function hostNameOf(reading: Reading, command: SshCommand, problems: string[]): string {
  const name = reading.settings.get("hostname")?.[0];
  if (name === undefined) return command.host;
  const values = { home: "", localUser: "", user: "", port: 0, hostKeyAlias: undefined, env: {} };
  const of = { ...values, host: command.host, hostName: command.host };
  return expandTokens(name, { letters: "h%", keyword: "HostName", values: of, problems });
}

/** The command line's own settings, which come before those of any file. */
function applyCommandLine(reading: Reading, command: SshCommand): void {
  const { settings } = reading;
  if (command.user !== undefined) settings.set("user", [command.user]);
  if (command.port !== undefined) settings.set("port", [String(command.port)]);
  if (command.jump !== undefined)
    applyKeyword(reading, { keyword: "ProxyJump", rest: command.jump, at: "REMOTE_SSH" }, true);
  for (const [keyword, rest] of command.options) applyKeyword(reading, { keyword, rest, at: "REMOTE_SSH" }, true);
}

export interface WithoutClient {
  settings: EffectiveSettings;
  warnings: string[];
}

/**
 * What `ssh -G` would print for this command line, as far as it is used here: the options given, then `-F` or
 * `~/.ssh/config` and the machine's ssh_config, then OpenSSH's defaults. Runs nothing: a `Match exec` block does not count
 * and is named in a warning. The files are read here and not with the ssh-config library, whose reader gives up a whole file
 * at `Match !final`, cuts a ProxyCommand at a quoted `#` and drops single quotes.
 */
export async function settingsWithoutClient(
  command: SshCommand,
  options: { username: string; home: string; env: Variables },
): Promise<Parsed<WithoutClient>> {
  const { username, home, env } = options;
  let isFinal = false;
  const reading: Reading = {
    settings: new Map(),
    home,
    systemDirectory: systemDirectory(env),
    subject: () => {
      const host = hostNameOf(reading, command, []);
      const user = reading.settings.get("user")?.[0] ?? username;
      const hostLine = isFinal ? host.toLowerCase() : command.host;
      return { host, hostLine, originalHost: command.host, user, localUser: username, isFinal };
    },
    wantsFinal: false,
    isStopped: false,
    problems: [],
    warnings: new Set(),
  };
  const { settings, problems, warnings } = reading;
  applyCommandLine(reading, command);
  const files = configFiles(command, options);
  await readConfigFiles(reading, files);
  const canonicalize = settings.get("canonicalizehostname")?.[0];
  if (canonicalize !== undefined && canonicalize !== "false") {
    warnings.add(
      "CanonicalizeHostname has no effect here: only an ssh client can look the full name up, and there is none on PATH.",
    );
  }
  if (reading.wantsFinal && problems.length === 0) {
    isFinal = true;
    await readConfigFiles(reading, files);
  }
  const hostName = hostNameOf(reading, command, problems);
  if (problems.length > 0) return { ok: false, problems: [...new Set(problems)] };
  settings.set("hostname", [hostName.includes(":") ? hostName : hostName.toLowerCase()]);
  for (const key of CLEARED_BY_NONE) if (settings.get(key)?.[0]?.toLowerCase() === "none") settings.delete(key);
  const alias = settings.get("hostkeyalias")?.[0];
  if (alias !== undefined) settings.set("hostkeyalias", [alias.toLowerCase()]);
  for (const [key, values] of builtInSettings(env)) if (!settings.has(key)) settings.set(key, [...values]);
  if (!settings.has("user")) settings.set("user", [username]);
  return { ok: true, value: { settings, warnings: [...warnings] } };
}
