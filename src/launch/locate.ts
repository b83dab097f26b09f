import { readEnvironment, type Settings } from "../config/environment.ts";
import { parseLocation } from "../config/location.ts";
import { usage } from "./arguments.ts";

export type Located = { env: NodeJS.ProcessEnv; settings: Settings } | { problem: string };

/**
 * The environment and settings of the session. A `location` comes before what `env` says: its directory belongs to another
 * host, and so do its passwords when it names one; passwords beside no `REMOTE_SSH` are meant for whatever host is named.
 */
export function locate(location: string | undefined, env: NodeJS.ProcessEnv): Located {
  const merged = { ...env };
  if (location !== undefined) {
    const parsed = parseLocation(location);
    if (!parsed.ok) return { problem: parsed.problems.join("\n") };
    if (env.REMOTE_SSH?.trim()) {
      delete merged.REMOTE_PASSWORD;
      delete merged.REMOTE_SUDO_PASSWORD;
    }
    merged.REMOTE_SSH = parsed.value.ssh;
    merged.REMOTE_WORKDIR = parsed.value.workdir;
  }
  const environment = readEnvironment(merged);
  if (environment.kind === "invalid") return { problem: environment.message };
  if (environment.kind === "dormant") return { problem: `Which host? Name one, or set REMOTE_SSH.\n\n${usage}` };
  return { env: merged, settings: environment.settings };
}
