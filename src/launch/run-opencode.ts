import { spawn } from "node:child_process";
import { constants } from "node:os";

export interface RunOptions {
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

/** Runs OpenCode in the foreground: its terminal is ours, signals reach it, and its end is ours. */
export async function runOpencode({ opencode, args, directory, env, onStdout }: RunOptions): Promise<RunResult> {
  const child = spawn(opencode, [...args], {
    cwd: directory,
    // PWD is where some programs believe to be, whatever their working directory is.
    env: { ...env, PWD: directory, BUN_BE_BUN: undefined },
    stdio: ["inherit", onStdout ? "pipe" : "inherit", "inherit"],
    // npm's shims for Windows are command scripts.
    shell: process.platform === "win32" && opencode.endsWith(".cmd"),
  });
  child.stdout?.setEncoding("utf8").on("data", (text: string) => onStdout?.(text));
  // The terminal sends Ctrl-C to both; OpenCode decides what it means.
  const ignore = () => {};
  const forward = () => child.kill("SIGTERM");
  process.on("SIGINT", ignore).on("SIGTERM", forward).on("SIGHUP", forward);
  try {
    return await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        resolve({ exitCode: code ?? 128 + (signal ? constants.signals[signal] : 0) });
      });
    });
  } finally {
    process.off("SIGINT", ignore).off("SIGTERM", forward).off("SIGHUP", forward);
  }
}
