import { spawn } from "node:child_process";
import { frame, frameReader } from "../../src/posix/frame.ts";
import { RemoteError } from "../../src/remote/error.ts";
import type { Ended, ExecOptions, ExecResult, RemoteShell } from "../../src/remote/shell.ts";
import { onAbort } from "../../src/util/abort.ts";
import { findTool } from "./tool-path.ts";

/** What the parked shell runs; `parkCommand` wraps the same words for a login shell. */
const waitForLine = 'IFS= read -r l && eval "$(printf %b "$l")"';

export interface LocalShellOptions {
  /** Replaces PATH, to take tools away. */
  path?: string;
  /** The account's home. */
  home?: string;
}

/**
 * A RemoteShell over a shell of this machine, for testing scripts under dash, bash and BusyBox without a server. Each
 * command leads a process group of its own, which a timeout or abort kills.
 */
export function localShell(command: string[], { path, home }: LocalShellOptions = {}): RemoteShell {
  return {
    async exec(script: string, options: ExecOptions = {}): Promise<ExecResult> {
      options.signal?.throwIfAborted();
      const { nonce, line } = frame(script, options);
      const [program = "", ...args] = command;
      const env = { HOME: home ?? process.env.HOME ?? "/", PATH: path ?? process.env.PATH ?? "" };
      // By its full path: the shell itself need not be on the PATH that it is given.
      const child = spawn(findTool(program) ?? program, [...args, "-c", waitForLine], {
        env,
        stdio: "pipe",
        detached: true,
      });
      const readers = { stdout: frameReader(nonce), stderr: frameReader(nonce) };
      const kept: Record<"stdout" | "stderr", Buffer[]> = { stdout: [], stderr: [] };
      for (const stream of ["stdout", "stderr"] as const) {
        child[stream].on("data", (chunk: Buffer) => {
          const bytes = readers[stream].push(chunk);
          if (!bytes.length) return;
          kept[stream].push(bytes);
          options.onOutput?.(bytes, stream);
        });
      }
      let stopped: Ended | undefined;
      const stop = (ended: Ended) => {
        stopped ??= ended;
        try {
          if (child.pid) process.kill(-child.pid, "SIGKILL");
        } catch {
          // It ended by itself meanwhile.
        }
      };
      child.stdin.on("error", () => {});
      child.stdin.end(options.stdin ? Buffer.concat([line, options.stdin]) : line);
      const closed = new Promise((resolve, reject) => child.on("close", resolve).on("error", reject));
      const offAbort = onAbort(options.signal, () => stop("aborted"));
      const timer = options.timeoutMs ? setTimeout(() => stop("timed-out"), options.timeoutMs) : undefined;
      await closed.finally(() => {
        offAbort();
        clearTimeout(timer);
      });
      if (readers.stdout.phase === "no-cwd") throw new RemoteError("not_found", `No directory ${options.cwd}.`);
      const exitCode = stopped ? undefined : readers.stdout.exitCode;
      const ended = stopped ?? (exitCode === undefined ? "unknown" : "exited");
      return { stdout: Buffer.concat(kept.stdout), stderr: Buffer.concat(kept.stderr), ended, exitCode };
    },
  };
}
