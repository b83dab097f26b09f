import {
  type Destination,
  isSshUri,
  parseHop,
  parseHostArgument,
  parsePort,
  parseSshUri,
  userProblem,
} from "./destination.ts";
import { type Keyword, keywordOf, nearestKeyword } from "./keywords.ts";
import { type Parsed, shown } from "./problems.ts";
import { splitWords } from "./words.ts";

/** What an ssh command line says. Where an option is given twice the first one counts, as in OpenSSH. */
export interface SshCommand {
  /** As typed, without the brackets of an IPv6 address. Never begins with `-`, holds no blanks or control characters. */
  host: string;
  user?: string;
  /** 1–65535. */
  port?: number;
  /** Of `-i` and `-o IdentityFile`, in order, as typed (`~/` and `%` tokens not expanded). */
  identityFiles: string[];
  /** Of `-J` or `-o ProxyJump`: hops separated by commas, nearest first; or `none`. */
  jump?: string;
  /** Of `-F`, as typed; or `none`. */
  configFile?: string;
  /** Every other `-o` that has an effect, spelled as in ssh_config(5); values as typed, with their quotes. */
  options: (readonly [key: string, value: string])[];
  /** Keywords of `-o` that OpenSSH knows and that have no effect here, each once. */
  ignored: string[];
  /** `-A` or `-a`, the last one; absent when neither was typed. */
  forwardAgent?: boolean;
}

/** Flags that change nothing that matters here. */
const HARMLESS = "vTxny";
const WITH_VALUE = "pilJFobBcm";
/** OpenSSH's other options that take a value (ssh(1)), so that the value is not taken for the host. */
const REFUSED_WITH_VALUE = "DEeILOPQRSWw";

/** Flags without a value that stand for options of ssh_config(5), as ssh(1) describes them. */
const MEANINGS: Readonly<Record<string, readonly (readonly [key: string, value: string])[]>> = {
  "4": [["AddressFamily", "inet"]],
  "6": [["AddressFamily", "inet6"]],
  C: [["Compression", "yes"]],
  K: [
    ["GSSAPIAuthentication", "yes"],
    ["GSSAPIDelegateCredentials", "yes"],
  ],
  k: [["GSSAPIDelegateCredentials", "no"]],
  q: [["LogLevel", "QUIET"]],
};

/** Flags with a value that stand for an option of ssh_config(5). */
const KEYWORDS: Readonly<Record<string, string>> = {
  b: "BindAddress",
  B: "BindInterface",
  c: "Ciphers",
  m: "MACs",
};

const INSTEAD: Readonly<Record<string, string>> = {
  I: "use -o PKCS11Provider=… instead",
  L: "port forwardings belong in a separate ssh",
  R: "port forwardings belong in a separate ssh",
  D: "port forwardings belong in a separate ssh",
  t: "commands run without a terminal",
};

/** Options whose value becomes a word of a command line or a name to connect to: it may not look like an option. */
const NAMES = ["HostName", "HostKeyAlias", "BindAddress", "BindInterface"];

const CONTROL = /[\u0000-\u001f\u007f]/;

/** What has been read so far; the first value of each option stays. */
interface Draft extends Omit<SshCommand, "host"> {
  host?: string;
  problems: string[];
}

const unquoted = (value: string): string => (/^".*"$/s.test(value) ? value.slice(1, -1) : value);

const isNone = (value: string): boolean => unquoted(value).toLowerCase() === "none";

/** Hops of a `-J` value, nearest first; empty for `none`, undefined (with problems) when a hop cannot be read. */
export function parseJump(jump: string, problems: string[]): Destination[] | undefined {
  if (jump.toLowerCase() === "none") return [];
  const before = problems.length;
  const found: string[] = [];
  const hops = jump.split(",").map((hop) => parseHop(hop.trim(), found));
  problems.push(
    ...found.map((problem) => `The jump host in ${shown(withoutPassword(jump))} cannot be used: ${problem}`),
  );
  return problems.length > before ? undefined : hops.filter((hop) => hop !== undefined);
}

/** Hides what stands between a login name's colon and the `@`. */
const withoutPassword = (text: string): string => text.replace(/((?:^|,|\/\/)[^:@,/]*):[^,]*@/g, "$1:…@");

const hasProxyCommand = (draft: Draft): boolean => draft.options.some(([key]) => key === "ProxyCommand");

/** As OpenSSH: the first one of ProxyJump and ProxyCommand shuts out the other. */
function setJump(draft: Draft, jump: string): void {
  if (!parseJump(jump, draft.problems)) return;
  if (!hasProxyCommand(draft)) draft.jump ??= jump;
  else if (!isNone(jump)) draft.ignored.push("ProxyJump");
}

function setProxyCommand(draft: Draft, value: string): void {
  if (draft.jump !== undefined && !isNone(draft.jump)) {
    if (!isNone(value)) draft.ignored.push("ProxyCommand");
    return;
  }
  // Beside a ProxyCommand it says nothing, and some clients would take it for "no ProxyCommand".
  draft.jump = undefined;
  draft.options.push(["ProxyCommand", value]);
}

/** Why the value of an option, or of a flag, cannot be passed on; undefined when it can. */
function valueProblem(option: string, value: string, mayBeginWithMinus: boolean): string | undefined {
  if (CONTROL.test(value)) return `The value of ${option} holds control characters; remove them.`;
  if (value.startsWith("-") && !mayBeginWithMinus) {
    return `The value of ${option} is ${shown(value)}, which begins with "-"; write a value after ${option}.`;
  }
}

function setUser(draft: Draft, user: string): void {
  const problem = userProblem(user);
  if (problem) draft.problems.push(problem);
  else draft.user ??= user;
}

function setPort(draft: Draft, text: string): void {
  const port = parsePort(text, draft.problems);
  if (port !== undefined) draft.port ??= port;
}

function readKeyValue(draft: Draft, text: string): void {
  const match = /^\s*([A-Za-z0-9]+)(?:\s*=\s*|\s+)(\S.*?)\s*$/s.exec(text);
  if (!match?.[1] || !match[2]) {
    draft.problems.push(`-o ${shown(text)} is not Key=Value; write it like -o ConnectTimeout=20.`);
    return;
  }
  const [, typed, value] = match;
  const keyword = keywordOf(typed);
  if (keyword) setOption(draft, keyword, value);
  else {
    const nearest = nearestKeyword(typed);
    const advice = nearest ? `did you mean ${nearest}?` : "see ssh_config(5) for the names.";
    draft.problems.push(`-o ${typed} is no option that ssh knows; ${advice}`);
  }
}

function setOption(draft: Draft, { name, used }: Keyword, value: string): void {
  const plain = unquoted(value);
  const problem = valueProblem(`-o ${name}`, plain, !NAMES.includes(name));
  if (name === "User") setUser(draft, plain);
  else if (name === "Port") setPort(draft, plain);
  else if (problem) draft.problems.push(problem);
  else if (!used) draft.ignored.push(name);
  else if (name === "ProxyJump") setJump(draft, plain);
  else if (name === "IdentityFile" && !isNone(value)) draft.identityFiles.push(plain);
  else if (name === "RemoteCommand" && !isNone(value)) {
    draft.problems.push("-o RemoteCommand takes the place of every command, so nothing could be run; remove it.");
  } else if (name === "ProxyCommand") setProxyCommand(draft, value);
  else draft.options.push([name, value]);
}

function readOption(draft: Draft, letter: string, value: string): void {
  const problem =
    letter === "o" || letter === "p" || letter === "l" || letter === "J"
      ? undefined
      : valueProblem(`-${letter}`, value, letter === "c" || letter === "m");
  if (value === "") draft.problems.push(`The option -${letter} has an empty value; give one or remove the option.`);
  else if (problem) draft.problems.push(problem);
  else if (letter === "p") setPort(draft, value);
  else if (letter === "i") draft.identityFiles.push(value);
  else if (letter === "l") setUser(draft, value);
  else if (letter === "J") setJump(draft, value);
  else if (letter === "F") draft.configFile ??= value;
  else if (letter === "o") readKeyValue(draft, value);
  else draft.options.push([KEYWORDS[letter] ?? letter, value]);
}

function refuse(draft: Draft, letter: string): void {
  const why = INSTEAD[letter] ? ` (${INSTEAD[letter]})` : "";
  draft.problems.push(`The ssh option ${shown(`-${letter}`).slice(1, -1)} is not supported here${why}; remove it.`);
}

/** One word of flags such as `-4`, `-vvT`, `-p2222` or `-Tp 2222`; returns how many words it took. */
function readFlags(draft: Draft, word: string, next: string | undefined): number {
  if (word.startsWith("--")) {
    // What follows the sign may be a secret.
    draft.problems.push(`ssh has no option ${shown(word.replace(/=.*$/s, ""))}; remove it.`);
    return 1;
  }
  const letters = [...word.slice(1)];
  for (const [index, letter] of letters.entries()) {
    const meaning = MEANINGS[letter];
    if (meaning) draft.options.push(...meaning);
    else if (letter === "A" || letter === "a") draft.forwardAgent = letter === "A";
    else if (WITH_VALUE.includes(letter) || REFUSED_WITH_VALUE.includes(letter)) {
      const glued = letters.slice(index + 1).join("");
      const value = glued === "" ? next : glued;
      if (REFUSED_WITH_VALUE.includes(letter)) refuse(draft, letter);
      else if (value === undefined) draft.problems.push(`The option -${letter} needs a value after it; add one.`);
      else readOption(draft, letter, value);
      return glued === "" && value !== undefined ? 2 : 1;
    } else if (!HARMLESS.includes(letter)) refuse(draft, letter);
  }
  return 1;
}

function readHost(draft: Draft, word: string): void {
  const destination = isSshUri(word)
    ? parseSshUri(word, draft.problems)?.destination
    : parseHostArgument(word, draft.problems);
  draft.host = destination?.host ?? "";
  if (destination?.user !== undefined) draft.user ??= destination.user;
  if (destination?.port !== undefined) draft.port ??= destination.port;
}

/** Walks the words as ssh(1) does: options may stand on both sides of the host, the next plain word is a command. */
function readWords(draft: Draft, words: readonly string[]): void {
  let options = true;
  for (let at = 0; at < words.length; ) {
    const word = words[at] ?? "";
    if (options && word === "--") {
      options = false;
      at++;
    } else if (options && word.length > 1 && word.startsWith("-")) {
      at += readFlags(draft, word, words[at + 1]);
    } else if (draft.host === undefined) {
      readHost(draft, word);
      at++;
    } else {
      draft.problems.push(
        `A remote command after the host is not supported: remove ${shown(word)} and what follows it.`,
      );
      return;
    }
  }
  if (draft.host === undefined) draft.problems.push("There is no host; write it as ssh [options] [user@]host.");
}

/**
 * Reads `[ssh] [options] [user@]host` or `[ssh] [options] ssh://user@host:port` as typed at a shell's prompt. Pure: reads
 * no file. Finds every problem, not only the first.
 */
export function parseSshCommand(line: string): Parsed<SshCommand> {
  const split = splitWords(line);
  if (!split.ok) return split;
  const [first, ...rest] = split.value;
  if (first !== undefined && /(^|[\\/])sshpass(\.exe)?$/i.test(first)) {
    // Nothing of the line is repeated: the password is in it.
    return { ok: false, problems: ["sshpass is not supported; write the ssh command alone and set REMOTE_PASSWORD."] };
  }
  const isProgram = first !== undefined && /(^|[\\/])ssh(\.exe)?$/i.test(first);
  const draft: Draft = { identityFiles: [], options: [], ignored: [], problems: [] };
  readWords(draft, isProgram ? rest : split.value);
  const { problems, host, ...command } = draft;
  if (problems.length > 0 || host === undefined) return { ok: false, problems };
  return { ok: true, value: { host, ...command, ignored: [...new Set(command.ignored)] } };
}
