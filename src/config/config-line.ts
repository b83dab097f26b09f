/** One line of an ssh_config file: `keyword rest`. */
export interface ConfigLine {
  /** As typed. */
  keyword: string;
  /** What follows the keyword, without the blanks around it; its quotes and comments are still there. */
  rest: string;
}

/**
 * Reads one line as OpenSSH does (readconf.c, misc.c `strdelim`): `Key value`, `Key=value`, `Key = value`. Undefined for an
 * empty line or a comment. `rest` is empty where there is no value.
 */
export function readConfigLine(line: string): ConfigLine | undefined {
  const [, quoted, plain, rest = ""] =
    /^[ \t\r]*(?:"([^"]*)"|([^\s"=]*))(?:[ \t]*=)?[ \t]*(.*?)[\s\f]*$/s.exec(line) ?? [];
  const keyword = quoted ?? plain ?? "";
  if (keyword.startsWith("#") || (keyword === "" && (rest === "" || rest.startsWith("#")))) return undefined;
  return { keyword, rest };
}

/** The argument that begins at `at` and the index behind it; undefined when a quote in it is never closed. */
function argumentAt(text: string, at: number): { word: string; end: number } | undefined {
  let word = "";
  let quote = "";
  let end = at;
  for (; end < text.length; end++) {
    const character = text.charAt(end);
    const next = text.charAt(end + 1);
    if (character === "\\") {
      const isEscape = next !== "" && (`'"\\`.includes(next) || (quote === "" && next === " "));
      word += isEscape ? next : character;
      if (isEscape) end++;
    } else if (quote !== "") {
      if (character === quote) quote = "";
      else word += character;
    } else if (character === '"' || character === "'") quote = character;
    else if (character === " " || character === "\t") break;
    else word += character;
  }
  return quote === "" ? { word, end } : undefined;
}

/**
 * Splits a value into arguments (misc.c, `argv_split`): both kinds of quotes, a backslash before a quote, a backslash or,
 * outside quotes, a blank; an argument that begins with `#` begins a comment. Undefined when a quote is never closed.
 */
export function splitArguments(text: string): string[] | undefined {
  const words: string[] = [];
  for (let at = 0; at < text.length; at++) {
    const first = text.charAt(at);
    if (first === " " || first === "\t") continue;
    if (first === "#") break;
    const argument = argumentAt(text, at);
    if (!argument) return undefined;
    words.push(argument.word);
    at = argument.end;
  }
  return words;
}

/**
 * Splits the criteria of a Match line (misc.c, `strdelim`): separated by blanks or one `=`, double quotes only, up to a
 * comment. Undefined when a quote is never closed.
 */
export function splitCriteria(text: string): string[] | undefined {
  const words: string[] = [];
  for (let rest: string = text; rest !== "" && !rest.startsWith("#"); ) {
    const end = rest.search(/[\s"=]/);
    if (end < 0) return [...words, rest];
    if (rest[end] === '"') {
      const close = rest.indexOf('"', end + 1);
      if (close < 0) return undefined;
      words.push(rest.slice(0, end) + rest.slice(end + 1, close));
      rest = rest.slice(close + 1).trimStart();
    } else {
      words.push(rest.slice(0, end));
      const after = rest.slice(end + 1).trimStart();
      rest = rest[end] === "=" ? after : after.replace(/^=\s*/, "");
    }
  }
  return words;
}
