import { join, resolve } from "node:path";
import { type TokenValues, tokenValue } from "./tokens.ts";

/** `~` and `~/…` with the home directory; everything else, `~name/…` too, as it is. */
export function expandHome(path: string, home: string): string {
  if (path === "~") return home;
  return /^~[\\/]/.test(path) ? join(home, path.slice(2)) : path;
}

/**
 * A file name of ssh_config(5) as an absolute local path: `~/`, `%` tokens and `${NAME}` expanded, relative to the
 * current directory. What cannot be expanded (an unset variable, `%C`, `%j`) stays as written.
 */
export function expandFile(path: string, values: TokenValues): string {
  const expanded = expandHome(path, values.home)
    .replace(/%([A-Za-z%])/g, (token, letter: string) => tokenValue(letter, values) ?? token)
    .replace(/\$\{(\w+)\}/g, (reference, name: string) => values.env[name] ?? reference)
    // Win32-OpenSSH prints this place holder for the machine-wide directory.
    .replace(/^__PROGRAMDATA__/, (placeholder) => values.env.ProgramData ?? placeholder);
  return resolve(expanded);
}

/**
 * Splits a list of files as `ssh -G` prints it: separated by blanks and without the quotes the user wrote, so a blank
 * counts as a separator only where an absolute path, `~`, `%`, `$` or Windows' place holder follows.
 */
export function splitFileList(line: string): string[] {
  return line.split(/\s+(?=[/\\~%$]|[A-Za-z]:[\\/]|__PROGRAMDATA__)/).filter((file) => file !== "");
}
