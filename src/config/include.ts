import { lstat, readdir } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, parse } from "node:path";

const hasWildcard = (text: string): boolean => /[*?[]/.test(text);

/** One component of a path as a regular expression: glob(7), where a leading dot must be written out. */
function componentPattern(component: string): RegExp | undefined {
  let source = component.startsWith(".") ? "" : "(?!\\.)";
  for (let at = 0; at < component.length; at++) {
    const character = component.charAt(at);
    const set = character === "[" ? /^\[([!^]?)(\]?[^\]]*)\]/.exec(component.slice(at)) : null;
    if (character === "*") source += component.charAt(at + 1) === "*" ? "" : ".*";
    else if (character === "?") source += ".";
    else if (set) {
      source += `[${set[1] ? "^" : ""}${(set[2] ?? "").replace(/[\\[\]^]/g, "\\$&")}]`;
      at += set[0].length - 1;
    } else source += character.replace(/[\\^$.|+()[\]{}]/g, "\\$&");
  }
  try {
    return new RegExp(`^${source}$`, "su");
  } catch {
    return undefined;
  }
}

const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

/** What `pattern`, an absolute path, stands for on this machine, in lexical order; a directory that cannot be read is empty. */
export async function expandGlob(pattern: string): Promise<string[]> {
  if (!hasWildcard(pattern)) return (await exists(pattern)) ? [pattern] : [];
  const { root } = parse(pattern);
  if (pattern === root || !isAbsolute(pattern)) return [];
  const component = basename(pattern);
  const found: string[] = [];
  for (const parent of await expandGlob(dirname(pattern))) {
    if (!hasWildcard(component)) {
      if (await exists(join(parent, component))) found.push(join(parent, component));
      continue;
    }
    const expression = componentPattern(component);
    const names = expression ? await readdir(parent).catch(() => []) : [];
    found.push(...names.filter((name) => expression?.test(name)).map((name) => join(parent, name)));
  }
  return found.sort((a, b) => (a < b ? -1 : 1));
}
