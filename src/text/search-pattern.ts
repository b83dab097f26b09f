/** POSIX bracket classes, which ripgrep knows and JavaScript does not. */
const classes: Readonly<Record<string, string>> = {
  alpha: "A-Za-z",
  digit: "0-9",
  alnum: "0-9A-Za-z",
  upper: "A-Z",
  lower: "a-z",
  space: "\\s",
  blank: " \\t",
  punct: "!-\\/:-@\\[-`{-~",
  xdigit: "0-9A-Fa-f",
  word: "\\w",
};

/** A pattern as ripgrep takes it, for text on this machine. @throws Error that says what is wrong with it */
export function searchPattern(pattern: string): RegExp {
  const [, flags = "", body = ""] = /^(?:\(\?([ims]+)\))?(.*)$/s.exec(pattern) ?? [];
  const source = body.replace(/\[:([a-z]+):\]/g, (whole, name: string) => classes[name] ?? whole);
  const letters = [...new Set(flags)].join("");
  try {
    return new RegExp(source, `${letters}u`);
  } catch {
    // Needless backslashes are an error only with `u`.
  }
  try {
    return new RegExp(source, letters);
  } catch (cause) {
    throw new Error(`regex parse error: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
