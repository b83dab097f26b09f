import { execFileSync } from "node:child_process";
import { userInfo } from "node:os";
import { readEnvironment } from "../../../src/config/environment.ts";
import { ConfigError } from "../../../src/config/problems.ts";
import { resolveTarget, type Target } from "../../../src/config/target.ts";

/** OpenSSH asks the system for it and does not look at HOME. */
const HOME = execFileSync("getent", ["passwd", String(userInfo().uid)], { encoding: "utf8" }).split(":")[5] ?? "";
export const LOCAL_USER = execFileSync("id", ["-un"], { encoding: "utf8" }).trim();

/** Names that this client knows; ours are those of the newest release. */
export const known = new Set(
  ["cipher", "mac", "kex", "HostKeyAlgorithms"].flatMap((what) =>
    execFileSync("ssh", ["-Q", what], { encoding: "utf8" }).trim().split("\n"),
  ),
);

type Comparable = Omit<Target, "client" | "clientArguments" | "jumps"> & { jumps: Comparable[] };

/** What both must agree on: everything but the client itself and what it alone can know. */
function comparable(target: Target): Comparable {
  const { client: _client, clientArguments: _arguments, algorithms, jumps, ...rest } = target;
  const lists = Object.entries(algorithms).map(([key, list]: [string, string[] | undefined]) => [
    key,
    list?.filter((name) => known.has(name)),
  ]);
  return { ...rest, algorithms: Object.fromEntries(lists), jumps: jumps.map(comparable) };
}

export type Outcome = { target: Comparable } | { refused: number };

/** What becomes of a command line where `path` holds an ssh client or none. */
export async function outcomeOf(line: string, path: string): Promise<Outcome> {
  const env = { HOME, PATH: path, SEND_ONE: "1", SEND_TWO: "2", OTHER: "3", SSH_AUTH_SOCK: "/run/agent" };
  const read = readEnvironment({ ...env, REMOTE_SSH: line });
  if (read.kind !== "ready") throw new Error(JSON.stringify(read));
  try {
    return { target: comparable(await resolveTarget(read.settings, { env, home: HOME, username: LOCAL_USER })) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { refused: error.problems.length };
  }
}
