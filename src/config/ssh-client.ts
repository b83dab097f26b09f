import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import { raceAbort } from "../util/abort.ts";
import { withoutSecrets } from "../util/secrets.ts";
import type { Parsed } from "./problems.ts";

export type Variables = Readonly<Record<string, string | undefined>>;

/** Values of each lower-case keyword, in the order in which `ssh -G` prints them. */
export type EffectiveSettings = ReadonlyMap<string, readonly string[]>;

/** `ssh -G` only reads files, but a `Match exec` of the user's may hang and CanonicalizeHostname asks the DNS. */
const QUERY_TIMEOUT_MS = 10_000;

/** An answer is about 5 kB; this leaves room for thousands of IdentityFile lines. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/** Absolute path of the first OpenSSH client on `PATH`; undefined when there is none. */
export async function findSshClient(env: Variables): Promise<string | undefined> {
  const program = process.platform === "win32" ? "ssh.exe" : "ssh";
  const path = env.PATH ?? (process.platform === "win32" ? env.Path : undefined) ?? "";
  for (const directory of path.split(delimiter)) {
    // A relative entry would run whatever the current project holds.
    if (!isAbsolute(directory)) continue;
    const candidate = join(directory, program);
    const runnable = await access(candidate, constants.X_OK).then(
      () => stat(candidate).then((found) => found.isFile()),
      () => false,
    );
    if (runnable) return candidate;
  }
}

/** Parses what `ssh -G` prints: `keyword value` lines, a keyword may come again. */
export function parseEffective(output: string): EffectiveSettings {
  const settings = new Map<string, string[]>();
  for (const line of output.split(/\r?\n/)) {
    const blank = line.indexOf(" ");
    if (blank <= 0) continue;
    const key = line.slice(0, blank).toLowerCase();
    settings.set(key, [...(settings.get(key) ?? []), line.slice(blank + 1).trim()]);
  }
  return settings;
}

interface Answer {
  failed: boolean;
  stdout: string;
  stderr: string;
}

function run(client: string, args: readonly string[], env: Variables, signal: AbortSignal): Promise<Answer> {
  // Commands of the user's `Match exec` inherit the environment: everything but our secrets.
  const options = { env: withoutSecrets(env), signal, maxBuffer: MAX_ANSWER_BYTES, windowsHide: true };
  const answer = new Promise<Answer>((resolve) => {
    const child = execFile(client, args, options, (error, stdout, stderr) =>
      resolve({ failed: error !== null, stdout, stderr }),
    );
    child.stdin?.end();
  });
  // The callback waits for the output to close, which a command of Match exec may hold open after ssh was killed.
  return raceAbort(answer, signal);
}

/** Longest part of ssh's own message that a problem repeats. */
const MESSAGE_CHARACTERS = 400;

/**
 * Asks the OpenSSH client which settings it would use: `ssh -G` with `args` and the host, without a shell and without
 * connecting. Ends after 10 s. Rejects only with the signal's reason.
 */
export async function askSshClient(
  client: string,
  args: readonly string[],
  host: string,
  options: { env: Variables; signal?: AbortSignal },
): Promise<Parsed<EffectiveSettings>> {
  const limit = AbortSignal.timeout(QUERY_TIMEOUT_MS);
  const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
  try {
    // -T keeps ssh from remarking that its input is no terminal.
    const answer = await run(client, ["-G", "-T", ...args, "--", host], options.env, signal);
    options.signal?.throwIfAborted();
    if (!answer.failed) return { ok: true, value: parseEffective(answer.stdout) };
    const said = answer.stderr
      .trim()
      .replace(/\s*\n\s*/g, "; ")
      .slice(0, MESSAGE_CHARACTERS);
    const problem = `ssh refuses these settings for ${host}: ${said || "it gave no reason"}. Correct that in the command line or the ssh configuration.`;
    if (!limit.aborted) return { ok: false, problems: [problem] };
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!limit.aborted) throw error;
  }
  const seconds = QUERY_TIMEOUT_MS / 1000;
  const problem = `ssh -G did not answer for ${host} within ${seconds} s; look for a "Match exec" in the ssh configuration.`;
  return { ok: false, problems: [problem] };
}
