import * as z from "zod";
import { dirname, isInside, type RemotePath, remotePath } from "../remote/path.ts";
import type { Ended } from "../remote/shell.ts";
import { createTail, tailOf } from "../text/truncate.ts";
import { bashPermissions } from "./bash-commands.ts";
import type { Call, ToolSpec } from "./define-tool.ts";

const args = {
  command: z.string(),
  // The built-in's schema names this bound too, which zod leaves out beside the stricter one.
  timeout: z.number().int().positive().meta({ minimum: Number.MIN_SAFE_INTEGER }).optional(),
  workdir: z.string().optional(),
};

/** The built-in's default, and the variable that changes it. Milliseconds. */
const defaultTimeoutMs = (): number =>
  Number(process.env.OPENCODE_EXPERIMENTAL_BASH_DEFAULT_TIMEOUT_MS) || 2 * 60 * 1000;
/** Bytes of output held while a command runs; what the model sees is cut further. */
const heldBytes = 256 * 1024;
/** OpenCode cuts a plugin tool's text at 2000 lines and 51200 bytes, keeping its head; ours stays below with its notices. */
const limits = { maxLines: 1980, maxBytes: 50_000 };

export const bash: ToolSpec<typeof args> = {
  name: "bash",
  description:
    "Runs a command line on the remote machine, in bash where it has one, without a terminal and with standard input at its end. Each call starts afresh in the working directory; workdir names another. timeout is in milliseconds (default 120000). Output is stdout and stderr merged; only the end of a long output is kept.",
  args,
  async run({ command, timeout, workdir }, call) {
    const { ctx, workspace } = call;
    const { root } = await workspace.ready(ctx.abort);
    const cwd = workdir === undefined ? root : await workspace.resolve(workdir, ctx.abort);
    await askCommand(call, command, cwd);
    const timeoutMs = timeout ?? defaultTimeoutMs();
    const tail = createTail(heldBytes);
    const onOutput = (chunk: Uint8Array) => tail.push(chunk);
    const env = { AGENT: "1", OPENCODE: "1" };
    const result = await workspace.command(command, { cwd, env, timeoutMs, signal: ctx.abort, onOutput });
    const all = new TextDecoder().decode(tail.bytes());
    const { text, truncated } = tailOf(all, limits);
    const cut = truncated || tail.dropped > 0;
    const notice = noticeOf(result.ended, timeoutMs, workspace.identity.host);
    const output = `${cut ? "...output truncated...\n\n" : ""}${text || (notice ? "" : "(no output)")}${notice}`;
    return { title: command, output, metadata: { output, exit: result.exitCode ?? null, truncated: cut } };
  },
};

/** What the built-in says when a command did not end by itself, and what only a remote one can meet. */
function noticeOf(ended: Ended, timeoutMs: number, host: string): string {
  const notices: Record<Ended, string | undefined> = {
    exited: undefined,
    signalled: `The command's shell on ${host} was killed by a signal.`,
    "timed-out": `shell tool terminated command after exceeding timeout ${timeoutMs} ms. If this command is expected to take longer and is not waiting for interactive input, retry with a larger timeout value in milliseconds.`,
    aborted: "User aborted the command",
    unknown: `The connection to ${host} was lost while the command ran; the outcome is unknown. Look at what it did before running it again.`,
  };
  const text = notices[ended];
  return text ? `\n\n<shell_metadata>\n${text}\n</shell_metadata>` : "";
}

/** First *where* (directories outside the workspace that the command line names), then *what* (each of its commands). */
async function askCommand({ ctx, workspace }: Call, command: string, cwd: RemotePath): Promise<void> {
  const { patterns, always, paths, entered } = bashPermissions(command);
  const { root, home } = await workspace.ready(ctx.abort);
  const placeOf = (path: string): RemotePath => {
    const at = remotePath(path.replace(/^~(?=\/|$)/, home), cwd);
    const isDirectory = at === root || path.endsWith("/") || entered.includes(path);
    return isDirectory ? at : dirname(at);
  };
  const directories = [...new Set([cwd, ...paths.map(placeOf)])].filter((dir) => !isInside(root, dir));
  if (directories.length) {
    const globs = directories.map((dir) => (dir === "/" ? "/*" : `${dir}/*`));
    const metadata = { command, directories, patterns: globs };
    await ctx.ask({ permission: "external_directory", patterns: globs, always: globs, metadata });
  }
  if (patterns.length) await ctx.ask({ permission: "bash", patterns, always, metadata: { command } });
}
