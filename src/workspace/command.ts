import type { RemotePath } from "../remote/path.ts";
import type { ExecResult, RemoteShell } from "../remote/shell.ts";
import { shellQuote } from "../util/shell-quote.ts";

export interface CommandOptions {
  /** Default: the workspace root. */
  cwd?: RemotePath;
  env?: Readonly<Record<string, string>>;
  timeoutMs: number;
  signal?: AbortSignal;
  /** stdout and stderr, merged in order by the remote itself. */
  onOutput(chunk: Uint8Array): void;
}

/**
 * A command line as OpenCode's own bash tool runs it: by bash where the host has it, without a terminal, stdin at its end,
 * both streams merged. `--norc`: Debian's bash reads .bashrc again under sshd and would print its greeting in the output.
 */
export async function runCommand(shell: RemoteShell, command: string, options: CommandOptions): Promise<ExecResult> {
  const { onOutput, ...rest } = options;
  const word = shellQuote(command);
  const script = `if command -v bash >/dev/null 2>&1; then exec bash --norc -c ${word} 2>&1; else exec sh -c ${word} 2>&1; fi`;
  return await shell.exec(script, { ...rest, keepBytes: 0, onOutput: (chunk) => onOutput(chunk) });
}
