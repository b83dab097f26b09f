import { join } from "node:path";
import { type Parsed, shown } from "./problems.ts";
import type { EffectiveSettings, Variables } from "./ssh-client.ts";
import type { SshCommand } from "./ssh-command.ts";
import { splitWords } from "./words.ts";

/** OpenSSH's order (readconf.c, fill_default_options); the keys on FIDO devices are left out, nothing here can use them. */
export const DEFAULT_IDENTITY_FILES = ["~/.ssh/id_rsa", "~/.ssh/id_ecdsa", "~/.ssh/id_ed25519", "~/.ssh/id_dsa"];

const USER_KNOWN_HOSTS = ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"];

function globalKnownHosts(env: Variables): string[] {
  const directory = process.platform === "win32" ? join(env.ProgramData ?? "C:\\ProgramData", "ssh") : "/etc/ssh";
  return [join(directory, "ssh_known_hosts"), join(directory, "ssh_known_hosts2")];
}

/** Seconds in each unit of sshd_config(5), TIME FORMATS. */
const UNITS: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** `90`, `5m`, `1h30m` in seconds, as `ssh -G` prints them; anything else as it is. */
function inSeconds(value: string): string {
  if (!/^(\d+[smhdw]?)+$/i.test(value)) return value;
  let seconds = 0;
  for (const [, digits = "", unit = ""] of value.matchAll(/(\d+)([smhdw]?)/gi)) {
    seconds += Number(digits) * (UNITS[unit.toLowerCase()] ?? 1);
  }
  return String(seconds);
}

const TIMES = ["connecttimeout", "serveraliveinterval"];
const FILE_LISTS = ["userknownhostsfile", "globalknownhostsfile"];
const ALGORITHMS = ["kexalgorithms", "ciphers", "macs", "hostkeyalgorithms"];

/** The values of one `-o` without its quotes; OpenSSH takes several words only for lists of files. */
function valuesOf(key: string, raw: string): string[] {
  const split = splitWords(raw);
  const words = split.ok ? split.value : [raw];
  if (FILE_LISTS.includes(key)) return words;
  return [TIMES.includes(key) ? inSeconds(words.join(" ")) : words.join(" ")];
}

/**
 * What `ssh -G` would print for this command line on a machine without any ssh configuration, as far as it is used here:
 * the options given, then OpenSSH's defaults. ~/.ssh/config is not read.
 */
export function settingsWithoutClient(
  command: SshCommand,
  options: { username: string; env: Variables },
): Parsed<EffectiveSettings> {
  const settings = new Map<string, string[]>();
  const problems: string[] = [];
  for (const [name, raw] of command.options) {
    const key = name.toLowerCase();
    const values = valuesOf(key, raw);
    if (ALGORITHMS.includes(key) && /^[+^-]/.test(values[0] ?? "")) {
      problems.push(
        `-o ${name}=${shown(raw)} changes OpenSSH's own list, which needs an ssh client on PATH; write the whole list.`,
      );
    }
    if (!settings.has(key)) settings.set(key, values);
  }
  if (command.configFile !== undefined && command.configFile.toLowerCase() !== "none") {
    problems.push(
      `-F ${shown(command.configFile)} can only be read by an ssh client, and there is none on PATH; install one or remove -F.`,
    );
  }
  if (problems.length > 0) return { ok: false, problems };
  if (command.jump !== undefined) settings.set("proxyjump", [command.jump]);
  settings.set("hostname", [(settings.get("hostname")?.[0] ?? "%h").replaceAll("%h", command.host)]);
  const defaults: [string, string[]][] = [
    ["user", [command.user ?? options.username]],
    ["port", [String(command.port ?? 22)]],
    ["identityfile", DEFAULT_IDENTITY_FILES],
    ["userknownhostsfile", USER_KNOWN_HOSTS],
    ["globalknownhostsfile", globalKnownHosts(options.env)],
  ];
  for (const [key, values] of defaults) if (!settings.has(key)) settings.set(key, values);
  return { ok: true, value: settings };
}
