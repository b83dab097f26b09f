import { RemoteError } from "../remote/error.ts";
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

export interface CommandShell {
  /** For errors. */
  host: string;
  /** Name or path of the shell; default: bash where the host has it, else sh. */
  program?: string;
}

/** Linux takes no argument of 128 KiB (`MAX_ARG_STRLEN`, execve(2)); a longer command line travels on standard input. */
const longestArgument = 100_000;

/** What our own `sh` says on stderr, where the command says nothing, when the shell is not there. */
const noShell = "no such shell";

/**
 * A command line as OpenCode's own bash tool runs it: by the user's shell, without a terminal, stdin at its end, both streams
 * merged. @throws RemoteError `config` when the host has no such shell
 */
export async function runCommand(
  shell: RemoteShell,
  command: string,
  options: CommandOptions & { in?: CommandShell },
): Promise<ExecResult> {
  const { onOutput, in: { host, program } = { host: "the remote" }, ...rest } = options;
  const isLong = Buffer.byteLength(command) > longestArgument;
  const complaints: Uint8Array[] = [];
  const result = await shell.exec(scriptOf(program, isLong ? undefined : command), {
    ...rest,
    ...(isLong ? { stdin: Buffer.from(command, "utf8") } : {}),
    keepBytes: 0,
    awaitClose: true,
    onOutput(chunk, stream) {
      if (stream === "stdout") onOutput(chunk);
      else complaints.push(chunk);
    },
  });
  const complaint = Buffer.concat(complaints);
  if (complaint.toString("latin1") === noShell) {
    const message = `There is no shell ${program} on ${host}; set REMOTE_SHELL to one that is there, or unset it for bash or sh.`;
    throw new RemoteError("config", message, { host });
  }
  if (complaint.length > 0) onOutput(complaint);
  return result;
}

/** The script that becomes the user's shell. Without a `command` that one comes on standard input. */
function scriptOf(program: string | undefined, command: string | undefined): string {
  if (program === undefined) {
    return `if command -v bash >/dev/null 2>&1; then ${start("bash", command)}; else ${start("sh", command)}; fi`;
  }
  const missing = `{ printf %s ${shellQuote(noShell)} >&2; exit 127; }`;
  return `command -v ${shellQuote(program)} >/dev/null 2>&1 || ${missing}\n${start(program, command)}`;
}

/**
 * Each shell reads what it always reads for `-c` (zsh its zshenv, fish its config), but for bash, which under sshd takes
 * itself for a login without a terminal and would run .bashrc.
 */
function start(program: string, command: string | undefined): string {
  const name = program.slice(program.lastIndexOf("/") + 1);
  const noFiles = name === "bash" ? " --norc" : "";
  return `exec ${shellQuote(program)}${noFiles} -c ${shellQuote(command ?? fromInput(name))} 2>&1`;
}

/** The same line as an argument could hold it: `$()` takes its last newlines, which mean nothing at its end. */
const fromInput = (name: string): string =>
  name === "fish" ? "eval (cat | string collect) </dev/null" : 'c=$(cat); exec </dev/null; eval "$c"';
