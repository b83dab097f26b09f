import type { Settings } from "../config/environment.ts";
import { nobody, type Prompter } from "../remote/prompter.ts";
import { preflight } from "./preflight.ts";
import { type RunResult, runOpencode } from "./run-opencode.ts";
import { sessionEnvironment, writeSessionConfig } from "./session-config.ts";
import { makeSessionDirectory, sessionDirectory } from "./session-directory.ts";
import { openTerminalPrompter } from "./terminal-prompter.ts";
import { typedAnswers } from "./typed-answers.ts";

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
  const { identity, root, notices, secrets } = await connectOnce(settings, signal);
  process.stderr.write(`${identity.user}@${identity.host}:${root}\n${notices.map((notice) => `${notice}\n`).join("")}`);
  const directory = sessionDirectory(home, settings);
  await makeSessionDirectory(directory);
  await writeSessionConfig(directory, { server: new URL("index.js", cli).href, tui: new URL("tui.js", cli).href });
  signal?.throwIfAborted();
  const session = { ...sessionEnvironment(env), ...secrets };
  const result: RunResult = await runOpencode({ opencode, args, directory, env: session, onStdout });
  return result.exitCode;
}

/** Connects, asking on the terminal where there is one; the terminal is OpenCode's from then on. */
async function connectOnce(settings: Settings, signal: AbortSignal | undefined) {
  using terminal = openTerminalPrompter();
  const answers = typedAnswers(terminal ?? nobody);
  process.stderr.write(`Connecting to ${settings.ssh.host} … `);
  let isMidLine = true;
  const prompter: Prompter = {
    ask(question, stop) {
      if (terminal && isMidLine) process.stderr.write("\n");
      isMidLine = false;
      return answers.ask(question, stop);
    },
  };
  const checked = await preflight(settings, { prompter, signal }).catch((error: unknown) => {
    process.stderr.write("failed\n");
    throw error;
  });
  return { ...checked, secrets: answers.environment(checked.identity) };
}
