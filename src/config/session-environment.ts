import { SECRETS } from "../util/secrets.ts";
import { matchesPattern } from "./patterns.ts";
import type { EffectiveSettings, Variables } from "./ssh-client.ts";

/**
 * The variables offered with each session: those of `env` that SendEnv names, then those that SetEnv sets. Never a secret
 * of ours.
 */
export function sessionEnvironment(settings: EffectiveSettings, env: Variables): Record<string, string> {
  const patterns = settings.get("sendenv") ?? [];
  const sent = Object.entries(env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && patterns.some((pattern) => matchesPattern(entry[0], pattern)),
  );
  const set = (settings.get("setenv") ?? []).map((pair): [string, string] => {
    const equals = pair.indexOf("=");
    return [pair.slice(0, equals), pair.slice(equals + 1)];
  });
  const named = [...sent, ...set].filter(([name]) => name !== "" && !SECRETS.includes(name.toUpperCase()));
  return Object.fromEntries(named);
}
