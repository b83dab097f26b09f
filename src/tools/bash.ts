import * as z from "zod";
import { dirname, isInside, type RemotePath, remotePath } from "../remote/path.ts";
import type { Ended, ExecResult } from "../remote/shell.ts";
import { bashPermissions } from "./bash-commands.ts";
import { collectOutput } from "./command-output.ts";
import type { Call, ToolSpec } from "./define-tool.ts";
import { showLive } from "./live-output.ts";

const args = {
  command: z.string(),
  // The built-in's schema names this bound too, which zod leaves out beside the stricter one.
  timeout: z.number().int().positive().meta({ minimum: Number.MIN_SAFE_INTEGER }).optional(),
  workdir: z.string().optional(),
};

/** The built-in's default, and the variable that changes it. Milliseconds. */
const defaultTimeoutMs = (): number =>
  Number(process.env.OPENCODE_EXPERIMENTAL_BASH_DEFAULT_TIMEOUT_MS) || 2 * 60 * 1000;
export const bash: ToolSpec<typeof args> = {
  name: "bash",
  description:
    "Runs a command line on the remote machine, in bash where it has one, without a terminal and with standard input at its end. Each call starts afresh in the working directory; workdir names another. timeout is in milliseconds (default 120000). Output is stdout and stderr merged; of a long output only the end is kept, and all of it is saved in a file of the local machine: open that with read or grep, not with bash.",
  args,
  async run({ command, timeout, workdir }, call) {
    const { ctx, workspace, opencode } = call;
    const { root } = await workspace.ready(ctx.abort);
    const cwd = workdir === undefined ? root : await workspace.resolve(workdir, ctx.abort);
    await askCommand(call, command, cwd);
    const timeoutMs = timeout ?? defaultTimeoutMs();
    const output = collectOutput(opencode);
    const live = showLive(ctx, output.preview);
    const onOutput = (chunk: Uint8Array) => {
      output.push(chunk);
      live.changed();
    };
    const env = { AGENT: "1", OPENCODE: "1" };
    try {
      const result = await workspace.command(command, { cwd, env, timeoutMs, signal: ctx.abort, onOutput });
      const notices = noticesOf(result, timeoutMs, workspace.identity.host);
      const { text, preview, truncated, path } = output.finish(notices);
      const metadata = { output: preview, exit: result.exitCode ?? null, truncated, ...(path && { outputPath: path }) };
      return { title: command, output: text, metadata };
    } catch (error) {
      output.discard();
      throw error;
    } finally {
      await live.stop();
    }
  },
};

/** What the built-in says when a command did not end by itself, and what only a remote one can meet. */
function noticesOf({ ended, stillOpen }: ExecResult, timeoutMs: number, host: string): string[] {
  const notices: Record<Ended, string | undefined> = {
    exited: stillOpen
      ? `The command has ended, but a process that it started still runs in the background on ${host}; what that prints from now on is not shown.`
      : undefined,
    signalled: `The command's shell on ${host} was killed by a signal.`,
    "timed-out": `shell tool terminated command after exceeding timeout ${timeoutMs} ms. If this command is expected to take longer and is not waiting for interactive input, retry with a larger timeout value in milliseconds.`,
    aborted: "User aborted the command",
    unknown: `The connection to ${host} was lost while the command ran; the outcome is unknown. Look at what it did before running it again.`,
  };
  return [notices[ended] ?? []].flat();
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
