import { ALGORITHM_LISTS, assembleList } from "./algorithm-lists.ts";
import { splitArguments } from "./config-line.ts";
import { shown } from "./problems.ts";

/** What one line of ssh_config sets: `values` as `ssh -G` prints them. */
export interface Taken {
  values: string[];
  /** The keyword may come again and adds up; else the first line counts. */
  adds?: boolean;
}

const words = (list: string): string[] => list.trim().split(/\s+/);

const FLAGS = words(`
  gssapiauthentication gssapidelegatecredentials hashknownhosts hostbasedauthentication identitiesonly
  kbdinteractiveauthentication passwordauthentication proxyusefdpass`);
const NUMBERS = words("numberofpasswordprompts connectionattempts serveralivecountmax");
const TIMES = words("connecttimeout serveraliveinterval");
const STRINGS = words(`
  bindaddress bindinterface hostkeyalias hostname identityagent ignoreunknown pkcs11provider preferredauthentications
  revokedhostkeys securitykeyprovider user`);
const FILE_LISTS = words("globalknownhostsfile userknownhostsfile");
const FILES = words("certificatefile identityfile");
const COMMANDS = words("knownhostscommand proxycommand remotecommand");
const FORWARDINGS = words("dynamicforward localforward remoteforward");

const YES_NO = { yes: "yes", true: "yes", no: "no", false: "no" };
const TRUE_FALSE = { yes: "true", true: "true", no: "false", false: "false" };
const DEBUG_LEVELS = { debug: "DEBUG", debug1: "DEBUG", debug2: "DEBUG2", debug3: "DEBUG3" };

/** The words that a keyword accepts, and how `ssh -G` prints each (readconf.c, `multistate_…`; log.c, `log_levels`). */
const CHOICES: ReadonlyMap<string, Readonly<Record<string, string>>> = new Map<
  string,
  Readonly<Record<string, string>>
>([
  ...FLAGS.map((key) => [key, YES_NO] as const),
  ["addressfamily", { any: "any", inet: "inet", inet6: "inet6" }],
  ["compression", { yes: "yes", no: "no" }],
  ["canonicalizehostname", { ...TRUE_FALSE, always: "always" }],
  [
    "loglevel",
    {
      silent: "SILENT",
      quiet: "SILENT",
      fatal: "FATAL",
      error: "ERROR",
      info: "INFO",
      verbose: "VERBOSE",
      ...DEBUG_LEVELS,
    },
  ],
  ["pubkeyauthentication", { ...TRUE_FALSE, unbound: "unbound", "host-bound": "host-bound" }],
  ["requesttty", { ...TRUE_FALSE, force: "force", auto: "auto" }],
  ["stricthostkeychecking", { ...TRUE_FALSE, off: "false", ask: "ask", "accept-new": "accept-new" }],
  ["verifyhostkeydns", { ...TRUE_FALSE, ask: "ask" }],
]);

/** Seconds in each unit of sshd_config(5), TIME FORMATS. */
const UNITS: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** `90`, `5m`, `1h30m` in seconds; undefined when it is no time. */
function inSeconds(value: string): string | undefined {
  if (value === "none") return "none";
  if (!/^(\d{1,9}[smhdw]?)+$/i.test(value)) return undefined;
  let seconds = 0;
  for (const [, digits = "", unit = ""] of value.matchAll(/(\d+)([smhdw]?)/gi)) {
    seconds += Number(digits) * (UNITS[unit.toLowerCase()] ?? 1);
  }
  return String(seconds);
}

/** The one argument of a keyword that takes exactly one, as `ssh -G` prints it; undefined when it has no meaning. */
function oneValue(key: string, value: string): string | undefined {
  const choices = CHOICES.get(key);
  if (choices !== undefined)
    return Object.hasOwn(choices, value.toLowerCase()) ? choices[value.toLowerCase()] : undefined;
  if (TIMES.includes(key)) return inSeconds(value);
  if (NUMBERS.includes(key)) return /^\+?\d{1,9}$/.test(value) ? String(Number(value)) : undefined;
  if (key === "port")
    return /^\d{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= 65_535 ? String(Number(value)) : undefined;
  // Anything but a flag is the socket of another agent.
  if (key === "forwardagent")
    return Object.hasOwn(YES_NO, value.toLowerCase()) ? (/^(yes|true)$/i.test(value) ? "yes" : "no") : value;
  const list = ALGORITHM_LISTS.get(key);
  return list === undefined ? value : assembleList(value, list)?.join(",");
}

const takesOne = (key: string): boolean =>
  CHOICES.has(key) ||
  ALGORITHM_LISTS.has(key) ||
  [...TIMES, ...NUMBERS, ...STRINGS, ...FILES, "port", "forwardagent"].includes(key);

/** Several words: files, or variables to send or to set. */
function takeList(key: string, args: readonly string[]): Taken | string | undefined {
  if (FILE_LISTS.includes(key)) {
    if (args.length > 1 && args.some((name) => name.toLowerCase() === "none")) return '"none" must stand alone';
    return { values: [...args] };
  }
  if (key === "sendenv") {
    return args.some((name) => name.includes("="))
      ? "a name of a variable holds no ="
      : { values: [...args], adds: true };
  }
  if (key !== "setenv") return undefined;
  if (args.some((pair) => !pair.includes("="))) return "write NAME=value";
  const byName = new Map([...args].reverse().map((pair) => [pair.slice(0, pair.indexOf("=")), pair]));
  return { values: args.filter((pair) => [...byName.values()].includes(pair)) };
}

/**
 * What `rest`, the text after the keyword `key` (lower case, no old spelling), sets. Undefined: the keyword does not matter
 * here. A string says what is wrong with the value, without naming the keyword.
 */
export function takeValues(key: string, rest: string): Taken | string | undefined {
  const args = splitArguments(rest);
  if (args === undefined) return "a quote is never closed";
  if (rest === "") return "it has no value";
  // The text as it stands belongs to a shell, with quotes and with what looks like a comment.
  if (COMMANDS.includes(key)) return { values: [rest.replace(/^[\s=]+/, "")] };
  if (key === "proxyjump")
    return {
      values: [
        rest
          .replace(/#.*$/s, "")
          .replace(/^[\s=]+/, "")
          .trimEnd(),
      ],
    };
  if (FORWARDINGS.includes(key)) return { values: [args.join(" ")], adds: true };
  if (args.includes("") || args.length === 0) return takesOne(key) ? "it has an empty value" : undefined;
  if (!takesOne(key)) return takeList(key, args);
  const [first = "", ...more] = args;
  if (more.length > 0) return `${shown(more[0] ?? "")} follows the value; quote values with blanks`;
  const value = oneValue(key, first);
  if (value === undefined) return `${shown(first)} is no value for it`;
  return { values: [value], adds: FILES.includes(key) };
}
