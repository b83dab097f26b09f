import type { Matcher } from "./matcher.ts";
import { windows } from "./matcher.ts";

/** The string itself. */
export const exact: Matcher = (_content, wanted) => [wanted];

/** The string itself, once per occurrence. Comes last, so it decides only how a failure is worded. */
export const everyOccurrence: Matcher = function* (content, wanted) {
  for (let at = content.indexOf(wanted); at !== -1; at = content.indexOf(wanted, at + wanted.length)) yield wanted;
};

/** The string without the white space around it; then blocks of as many lines that are equal when trimmed. */
export const trimmedBoundary: Matcher = function* (content, wanted) {
  const trimmed = wanted.trim();
  if (trimmed === wanted) return;
  if (content.includes(trimmed)) yield trimmed;
  for (const block of windows(content, wanted.split("\n").length)) if (block.trim() === trimmed) yield block;
};

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };

/** Backslash escapes as a model writes them by mistake; other backslashes stay. */
const resolveEscapes = (text: string): string =>
  text.replace(/\\([ntr'"`\\\n$])/g, (_whole, char: string) => ESCAPES[char] ?? char);

/** The string with its backslash escapes resolved; then blocks that are equal once both are resolved. */
export const escapeNormalised: Matcher = function* (content, wanted) {
  const plain = resolveEscapes(wanted);
  if (content.includes(plain)) yield plain;
  for (const block of windows(content, plain.split("\n").length)) if (resolveEscapes(block) === plain) yield block;
};
