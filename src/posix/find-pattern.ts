import { expandBraces } from "./glob.ts";

/** What find(1) and grep(1) of POSIX can express of ripgrep's language; undefined where they cannot. */

/** Escapes that stand for a set of characters, as the inside of a bracket expression. */
const sets: Record<string, string> = { d: "0-9", s: "[:space:]", w: "[:alnum:]_" };
/** An escape, a bracket expression, an interval, the beginning of a group, a quantifier with its modifier, or one character. */
const tokenPattern =
  /\\[\s\S]|\[\^?\]?(?:\\[\s\S]|\[:\w+:\]|[^\]\\])*\]|\{\d+(?:,\d*)?\}[?+]?|\((?:\?:?)?|[*+?][?+]?|[\s\S]/g;

/**
 * ripgrep's regular expression as a POSIX extended one. Undefined for what has no counterpart (lazy quantifiers, groups
 * with `?`, Unicode classes, word boundaries), for what POSIX leaves open (empty groups and choices) and for what is
 * malformed: a wrong result would be worse than none.
 */
export function toExtendedRegex(pattern: string): string | undefined {
  const tokens = pattern.match(tokenPattern) ?? [];
  let out = "";
  let depth = 0;
  /** Nothing that could be repeated, or that could stand alone in a choice, has come yet. */
  let empty = true;
  for (const token of tokens) {
    const quantifier = /^[*+?{]/.test(token);
    const closes = token === ")" || token === "|";
    const plain = translate(token);
    if (plain === undefined || (empty && (quantifier || closes))) return;
    depth += plain === "(" ? 1 : token === ")" ? -1 : 0;
    if (depth < 0) return;
    out += plain;
    empty = plain === "(" || token === "|" || (empty && token === "^");
  }
  return empty || depth > 0 ? undefined : out;
}

/**
 * Whether it matters to a pattern that a character is more than a byte: a grep that counts bytes would find other lines.
 * Any number of any characters is the same to both.
 */
export function countsCharacters(pattern: string): boolean {
  const tokens = pattern.match(tokenPattern) ?? [];
  return tokens.some((token, i) => {
    const next = tokens[i + 1] ?? "";
    if (/\\w|\[:/.test(token) || (token.startsWith("[") && /[^\x00-\x7f]/.test(token))) return true;
    if (/^(?:\.|\[\^[\s\S]*|\\[DSW])$/.test(token)) return next !== "*" && next !== "+";
    return /[^\x00-\x7f]/.test(token) && /^[*+?{]/.test(next);
  });
}

function translate(token: string): string | undefined {
  if (token === "(?:") return "(";
  if (token === "(?" || token === "[" || token === "{" || token === "\n" || token === "\\") return;
  if (token.startsWith("[")) return bracket(token);
  // A modifier behind a quantifier: lazy, or a repetition of a repetition.
  if (token.length > 1 && /^[*+?{].*[?+]$/.test(token)) return;
  return token.startsWith("\\") ? escaped(token.charAt(1)) : token;
}

function escaped(letter: string): string | undefined {
  const set = sets[letter.toLowerCase()];
  if (set !== undefined) return `[${letter === letter.toLowerCase() ? "" : "^"}${set}]`;
  if (letter === "t") return "\t";
  if (/[.*+?()[{|^$\\]/.test(letter)) return `\\${letter}`;
  // `\<` and its like are word boundaries to some greps.
  return /[A-Za-z0-9<>]|[^\x20-\x7e]/.test(letter) ? undefined : letter;
}

/** POSIX has no escapes inside brackets: what is escaped there must stand where it is ordinary. */
function bracket(token: string): string | undefined {
  const negated = token.startsWith("[^");
  const inner = token.slice(negated ? 2 : 1, -1);
  const parts: string[] = inner.match(/\\[\s\S]|\[:\w+:\]|[\s\S]/gu) ?? [];
  // A bracket in brackets, and set operations.
  if (parts.includes("[") || /&&|--|~~/.test(inner)) return;
  const placed = parts.map((part, i) => place(part, parts[i - 1] === "-" || parts[i + 1] === "-"));
  const said = placed.flatMap((each) => each ?? []);
  if (said.length < parts.length) return;
  const all = said.sort((a, b) => a.rank - b.rank).map((each) => each.text);
  // Alone or in front, a caret would negate.
  if (all[0] === "^" && !negated) return all.length === 1 ? "\\^" : undefined;
  return `[${negated ? "^" : ""}${all.join("")}]`;
}

/** One part of a bracket expression, ranked by where it must stand to be ordinary: `]` first, `-` last, `[` and `^` before. */
function place(part: string, inRange: boolean): { text: string; rank: number } | undefined {
  if (!part.startsWith("\\")) return { text: part, rank: part === "]" ? 0 : part === "^" && !inRange ? 2 : 1 };
  const letter = part.charAt(1);
  const text = sets[letter] ?? (letter === "t" ? "\t" : letter);
  if (inRange || (text === letter && /[A-Za-z0-9]/.test(letter))) return;
  return { text, rank: { "]": 0, "[": 2, "^": 2, "-": 3 }[letter] ?? 1 };
}

/** `find` arguments for a file name glob: `*.ts`, `*.{ts,tsx}`, `**` in front. Undefined when it names directories. */
export function toFindNames(glob: string): string[] | undefined {
  const name = glob.replace(/^\*\*\//, "");
  // Escapes, exclusions and names of classes mean different things to different versions.
  if (/[/\\]|^[!#]|\s$|\[:/.test(name)) return;
  const names = expandBraces(name);
  // An opening bracket that nothing closes is an ordinary character to `find` and an error to ripgrep.
  if (!names || /\[(?![!^]?\]?[^\]]*\])/.test(name)) return;
  const plain = names.map((each) => each.replaceAll("[^", "[!"));
  return plain.flatMap((each, i) => (i ? ["-o", "-name", each] : ["-name", each]));
}
