import type { Settings } from "../config/environment.ts";
import { preflight } from "./preflight.ts";
import { type RunResult, runOpencode } from "./run-opencode.ts";
import { sessionEnvironment, writeSessionConfig } from "./session-config.ts";
import { makeSessionDirectory, sessionDirectory } from "./session-directory.ts";

export interface OpenOptions {
  opencode: string;
  cli: string;
  home: string;
  env: NodeJS.ProcessEnv;
  settings: Settings;
  /** For OpenCode. */
  args: readonly string[];
  /** Ends what comes before OpenCode; rejects with its reason. Without effect from then on. */
  signal?: AbortSignal;
  /** Receives OpenCode's standard output instead of the terminal. */
  onStdout?(text: string): void;
}

/** Checks the target, then runs OpenCode in the target's session directory. Returns OpenCode's exit code. */
export async function openSession(options: OpenOptions): Promise<number> {
  const { opencode, cli, home, env, settings, args, signal, onStdout } = options;
  process.stderr.write(`Connecting to ${settings.ssh.host} … `);
  const { machine, root } = await preflight(settings, { signal }).catch((error: unknown) => {
    process.stderr.write("failed\n");
    throw error;
  });
  process.stderr.write(`${machine}:${root}\n`);
  const directory = sessionDirectory(home, settings);
  await makeSessionDirectory(directory);
  await writeSessionConfig(directory, { server: new URL("index.js", cli).href, tui: new URL("tui.js", cli).href });
  signal?.throwIfAborted();
  const result: RunResult = await runOpencode({ opencode, args, directory, env: sessionEnvironment(env), onStdout });
  return result.exitCode;
}
