import { takeValues } from "./config-values.ts";
import { canonicalKey, keywordOf, nearestKeyword } from "./keywords.ts";
import { matchesList, matchesPattern } from "./patterns.ts";
import { shown } from "./problems.ts";

/** Adds what one keyword sets. SendEnv with a `-` takes back what earlier lines named. */
function setKeyword(settings: Map<string, string[]>, key: string, taken: { values: string[]; adds?: boolean }): void {
  const before = settings.get(key);
  if (key === "sendenv") {
    let names = before ?? [];
    for (const name of taken.values) {
      names = name.startsWith("-") ? names.filter((other) => !matchesPattern(other, name.slice(1))) : [...names, name];
    }
    settings.set(key, names);
  } else if (taken.adds) settings.set(key, [...new Set([...(before ?? []), ...taken.values])]);
  else if (before === undefined) setFirst(settings, key, taken.values);
}

/** ProxyJump and ProxyCommand: the one that comes first shuts out the other, but a ProxyJump of `none` only other jumps. */
function setFirst(settings: Map<string, string[]>, key: string, values: string[]): void {
  const isJump = key === "proxyjump" && values[0]?.toLowerCase() !== "none";
  if (isJump && settings.has("proxycommand")) return;
  settings.set(key, values);
  if (isJump) settings.set("proxycommand", ["none"]);
}

/** Reads `keyword rest` outside Host, Match and Include. */
export function applyKeyword(
  reading: { settings: Map<string, string[]>; problems: string[] },
  line: { keyword: string; rest: string; at: string },
  isActive: boolean,
): void {
  const { settings, problems } = reading;
  const { keyword, rest, at } = line;
  if (keywordOf(keyword) === undefined) {
    const ignored = settings.get("ignoreunknown")?.[0];
    if (ignored !== undefined && matchesList(keyword.toLowerCase(), ignored.toLowerCase())) return;
    const nearest = nearestKeyword(keyword);
    const advice = nearest ? `did you mean ${nearest}?` : "see ssh_config(5) for the names.";
    problems.push(`${at}: ${shown(keyword)} is no option that ssh knows; ${advice}`);
    return;
  }
  const key = canonicalKey(keyword);
  const taken = takeValues(key, rest);
  if (typeof taken === "string") problems.push(`${at}: ${keyword} cannot be used: ${taken}.`);
  else if (taken && isActive) setKeyword(settings, key, taken);
}
