import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";

export interface RunOptions {
  /** Absolute path of a program; scripts that need a shell are none. */
  opencode: string;
  args: readonly string[];
  directory: string;
  env: NodeJS.ProcessEnv;
  /** Receives standard output; else it is the terminal's. */
  onStdout?(text: string): void;
}

export interface RunResult {
  exitCode: number;
}

/**
 * Runs OpenCode in the foreground, on our terminal, until it ends. The terminal's Ctrl-C reaches both, and OpenCode decides
 * what it means; a SIGTERM or SIGHUP that we receive is forwarded as SIGTERM. Rejects with one sentence when it cannot start.
 */
export async function runOpencode(options: RunOptions): Promise<RunResult> {
  let child: ChildProcess | undefined;
  const ignore = () => {};
  const forward = () => child?.kill("SIGTERM");
  process.on("SIGINT", ignore).on("SIGTERM", forward).on("SIGHUP", forward);
  try {
    return await new Promise((resolve, reject) => {
      child = start(options);
      child.once("error", reject);
      child.once("close", (code, signal) => {
        resolve({ exitCode: code ?? 128 + (signal ? constants.signals[signal] : 0) });
      });
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const advice = "install it again (npm install -g opencode-ai), or put another one first on PATH.";
    throw new Error(`Cannot start OpenCode (${options.opencode}): ${reason}; ${advice}`, { cause: error });
  } finally {
    process.off("SIGINT", ignore).off("SIGTERM", forward).off("SIGHUP", forward);
  }
}

/** Depending on the runtime and the cause, a failure is thrown here or comes as the child's `error`. */
function start({ opencode, args, directory, env, onStdout }: RunOptions): ChildProcess {
  const child = spawn(opencode, [...args], {
    cwd: directory,
    // PWD is where some programs believe to be, whatever their working directory is.
    env: { ...env, PWD: directory, BUN_BE_BUN: undefined },
    stdio: ["inherit", onStdout ? "pipe" : "inherit", "inherit"],
  });
  child.stdout?.setEncoding("utf8").on("data", (text: string) => onStdout?.(text));
  return child;
}
