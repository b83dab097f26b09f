import type { Parsed } from "./problems.ts";

/** Inside double quotes a backslash is itself, except before these (POSIX XCU 2.2.3). */
const ESCAPABLE_IN_DOUBLE_QUOTES = '$`"\\\n';

const isBlank = (character: string): boolean => /[ \t\r\n]/.test(character);

interface Piece {
  text: string;
  /** Index of the first character after the piece. */
  end: number;
}

/** Reads from after the opening `'` to the closing one; undefined when it is missing. */
function singleQuoted(line: string, start: number): Piece | undefined {
  const close = line.indexOf("'", start);
  return close < 0 ? undefined : { text: line.slice(start, close), end: close + 1 };
}

/** Reads from after the opening `"` to the closing one; undefined when it is missing. */
function doubleQuoted(line: string, start: number): Piece | undefined {
  let text = "";
  for (let at = start; at < line.length; at++) {
    const character = line.charAt(at);
    if (character === '"') return { text, end: at + 1 };
    const next = line.charAt(at + 1);
    if (character === "\\" && next !== "" && ESCAPABLE_IN_DOUBLE_QUOTES.includes(next)) {
      if (next !== "\n") text += next;
      at++;
    } else text += character;
  }
  return undefined;
}

/** A backslash outside quotes takes the next character as it is; before a line break both vanish. */
function escaped(line: string, start: number): Piece {
  const next = line.charAt(start);
  return { text: next === "\n" ? "" : next, end: start + 1 };
}

/** The piece of a word that begins at `at`: a quoted one, an escaped character, or a run of plain characters. */
function pieceAt(line: string, at: number): Piece | { problem: string } {
  const opening = line.charAt(at);
  if (opening === "\\") {
    if (at < line.length - 1) return escaped(line, at + 1);
    return { problem: "It ends with a backslash that escapes nothing; remove the backslash." };
  }
  if (opening === "'" || opening === '"') {
    const name = opening === "'" ? "single" : "double";
    const piece = opening === "'" ? singleQuoted(line, at + 1) : doubleQuoted(line, at + 1);
    const problem = `The ${name} quote (${opening}) at character ${at + 1} is never closed; add the closing quote.`;
    return piece ?? { problem };
  }
  const length = line.slice(at).search(/[ \t\r\n'"\\]/);
  const end = length < 0 ? line.length : at + length;
  return { text: line.slice(at, end), end };
}

/**
 * Splits a command line into words as a POSIX shell does: single quotes, double quotes and backslashes, without any
 * expansion; operators such as `;` and `$` are ordinary characters here. Windows paths keep their backslashes inside
 * quotes. A quote that is never closed, or a backslash at the very end, is a problem.
 */
export function splitWords(line: string): Parsed<string[]> {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < line.length; ) {
    if (isBlank(line.charAt(at))) {
      if (word !== undefined) words.push(word);
      word = undefined;
      at++;
      continue;
    }
    const piece = pieceAt(line, at);
    if ("problem" in piece) return { ok: false, problems: [piece.problem] };
    // A quoted empty string is a word; an escaped line break alone is not.
    if (piece.text !== "" || line.charAt(at) !== "\\") word = (word ?? "") + piece.text;
    at = piece.end;
  }
  if (word !== undefined) words.push(word);
  return { ok: true, value: words };
}
