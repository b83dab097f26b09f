/** ripgrep's `--glob` for hosts without ripgrep: its rules are those of gitignore, which no glob library has quite. */

/** What a glob cannot begin or end with here: exclusion, a comment, a trailing blank. */
const beyond = /^[!#]|\s$/;
/** What differs between versions inside brackets: escapes, classes by name, characters of several bytes. */
const beyondBrackets = /\\|\[:|[^\x00-\x7f]/;

/**
 * Whether a path, relative to the searched directory, is one that `rg --files --glob=PATTERN` lists where no file is ignored:
 * a pattern without a slash counts at any depth, and a hidden directory is only entered when the pattern names it.
 * Undefined for patterns that are malformed or mean different things to different versions.
 */
export function globMatcher(pattern: string): ((path: string) => boolean) | undefined {
  const choices = beyond.test(pattern) ? undefined : expandBraces(pattern);
  if (!choices) return;
  const anchored = pattern.replace(/\/$/, "").includes("/");
  const sources: string[] = [];
  for (const choice of choices) {
    const source = translate(anchored ? choice.replace(/^\//, "") : `**/${choice}`);
    if (source === undefined) return;
    sources.push(source);
  }
  const regex = compile(`^(?:${sources.join("|")})$`);
  if (!regex) return;
  // As bytes, because to ripgrep `?` is one byte.
  const matches = (path: string) => regex.test(Buffer.from(path, "utf8").toString("latin1"));
  return (path) => matches(path) && hiddenDirectories(path).every(matches);
}

/** Undefined for a range that runs backwards. */
function compile(source: string): RegExp | undefined {
  try {
    return new RegExp(source, "s");
  } catch {
    return;
  }
}

/** The directories above `path` that begin with a dot. */
function hiddenDirectories(path: string): string[] {
  const ends = [...path.matchAll(/(?<=^|\/)\.[^/]*(?=\/)/g)].map((found) => found.index + found[0].length);
  return ends.map((end) => path.slice(0, end));
}

/** A glob without braces as the source of a regular expression over bytes. */
function translate(glob: string): string | undefined {
  const tokens = glob.match(/^\*\*\/|\/\*\*\/|\/\*\*$|\\[\s\S]|\[[!^]?\]?[^\]]*\]|[\s\S]/gu) ?? [];
  let out = "";
  for (const token of tokens) {
    if (token === "[" || token === "\\") return;
    if (token.startsWith("[") && beyondBrackets.test(token)) return;
    if (token === "**/") out += "(?:.*/)?";
    else if (token === "/**/") out += "/(?:.*/)?";
    else if (token === "/**") out += "/.*";
    else if (token === "*") out += "[^/]*";
    else if (token === "?") out += "[^/]";
    else if (token.startsWith("[")) out += bracket(token);
    else out += literal(token.startsWith("\\") ? token.slice(1) : token);
  }
  return out;
}

const literal = (text: string): string =>
  Buffer.from(text, "utf8")
    .toString("latin1")
    .replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");

function bracket(token: string): string {
  const negated = /^\[[!^]/.test(token);
  const inner = token.slice(negated ? 2 : 1, -1).replace(/[\]\\[^]/g, "\\$&");
  return negated ? `[^${inner}]` : `[${inner}]`;
}

/** `a.{b,c}` as `a.b` and `a.c`. Undefined for braces that are nested, unbalanced or hold an empty choice. */
export function expandBraces(glob: string): string[] | undefined {
  const parts = glob.match(/\\[\s\S]|\[[!^]?\]?[^\]]*\]|\{[^{}]*\}|[\s\S]/gu) ?? [];
  let done = [""];
  for (const part of parts) {
    if (part === "{" || part === "}") return;
    const choices = part.startsWith("{") ? part.slice(1, -1).split(",") : [part];
    if (choices.includes("")) return;
    done = done.flatMap((before) => choices.map((choice) => before + choice));
    if (done.length > maxChoices) return;
  }
  return done;
}

/** More choices than anybody writes, and few enough for a command line. */
const maxChoices = 256;
