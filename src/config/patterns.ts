/** Whether `text` is what a pattern of ssh_config(5) describes: `*` any characters, `?` exactly one. */
export function matchesPattern(text: string, pattern: string): boolean {
  // Two positions instead of a regular expression: a pattern full of `*` must not take exponential time.
  let at = 0;
  let inside = 0;
  let star = -1;
  let resume = 0;
  while (at < text.length) {
    if (inside < pattern.length && pattern[inside] === "*") {
      star = inside++;
      resume = at;
    } else if (inside < pattern.length && (pattern[inside] === "?" || pattern[inside] === text[at])) {
      at++;
      inside++;
    } else if (star >= 0) {
      inside = star + 1;
      at = ++resume;
    } else return false;
  }
  while (pattern[inside] === "*") inside++;
  return inside === pattern.length;
}

/** Whether `text` matches a list separated by commas; a pattern behind `!` that matches decides against it. */
export function matchesList(text: string, list: string): boolean {
  let found = false;
  for (const entry of list.split(",")) {
    const isNegated = entry.startsWith("!");
    if (!matchesPattern(text, isNegated ? entry.slice(1) : entry)) continue;
    if (isNegated) return false;
    found = true;
  }
  return found;
}

/** As `matchesList` for names of hosts, which are compared in lower case. */
export const matchesHostList = (host: string, list: string): boolean =>
  matchesList(host.toLowerCase(), list.toLowerCase());

/** The patterns of a Host line, whose case counts: one that matches, and none behind `!` that does. */
export function matchesHostLine(host: string, patterns: readonly string[]): boolean {
  const isMatch = (pattern: string): boolean => matchesPattern(host, pattern);
  if (patterns.some((pattern) => pattern.startsWith("!") && isMatch(pattern.slice(1)))) return false;
  return patterns.some((pattern) => !pattern.startsWith("!") && isMatch(pattern));
}
