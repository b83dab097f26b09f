import { spawn } from "node:child_process";
import * as z from "zod";
import { createOpencodeHome, type OpencodeHome, opencodeBinary } from "./opencode-home.ts";
import { killTree } from "./process-tree.ts";

export interface RunOptions {
  /** The session directory. */
  cwd: string;
  prompt: string;
  /** The user's global `opencode.json`; ignored when `home` is given. */
  config?: object;
  /** A prepared home, which stays; without it the run gets one of its own, which goes. */
  home?: OpencodeHome;
  /** Added to (and winning over) the isolated environment. */
  env?: Record<string, string>;
  /** `provider/model`; default: what the config says. */
  model?: string;
  extraArgs?: string[];
  /** What runs OpenCode; default: its binary. Its arguments come after these words. */
  command?: readonly string[];
  /** Milliseconds until the run and everything it started is killed; default 60 000. */
  timeoutMs?: number;
}

const toolPart = z.object({
  tool: z.string(),
  callID: z.string(),
  state: z.object({
    status: z.string(),
    input: z.record(z.string(), z.unknown()),
    output: z.string().optional(),
    error: z.string().optional(),
    title: z.string().optional(),
    metadata: z.record(z.string(), z.unknown()).optional(),
  }),
});
const event = z.object({ type: z.string(), part: z.unknown().optional(), error: z.unknown().optional() });

/** One tool call of the main session as OpenCode stored it. */
export interface ToolPart {
  tool: string;
  callID: string;
  status: string;
  input: Record<string, unknown>;
  /** The tool's output, or the message of its error. */
  output: string;
  title: string;
  metadata: Record<string, unknown>;
}

export interface RunResult {
  /** Null when a signal ended it. */
  exitCode: number | null;
  timedOut: boolean;
  stdout: string;
  stderr: string;
  /** Finished tool calls in order; those of sub-agents are not among them. */
  parts: ToolPart[];
  /** `error` events of the run. */
  errors: unknown[];
}

/** Runs `opencode run --format json` to its end in an isolated home. Nothing of it is left when this resolves. */
export async function runOpencode(options: RunOptions): Promise<RunResult> {
  if (options.home) return runIn(options.home, options);
  await using home = await createOpencodeHome(options.config);
  return await runIn(home, options);
}

async function runIn(home: OpencodeHome, options: RunOptions): Promise<RunResult> {
  const { cwd, env, prompt, model, extraArgs = [], timeoutMs = 60_000 } = options;
  const [program = opencodeBinary, ...first] = options.command ?? [];
  const args = ["run", "--format", "json", ...(model ? ["--model", model] : []), ...extraArgs, "--", prompt];
  const child = spawn(program, [...first, ...args], {
    cwd,
    env: { ...home.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    if (child.pid !== undefined) void killTree(child.pid);
  }, timeoutMs);
  try {
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    const out = Buffer.concat(stdout).toString("utf8");
    const events = parseEvents(out);
    return {
      exitCode,
      timedOut,
      stdout: out,
      stderr: Buffer.concat(stderr).toString("utf8"),
      parts: events.flatMap((e) => (e.type === "tool_use" ? [toToolPart(e.part)] : [])),
      errors: events.flatMap((e) => (e.type === "error" ? [e.error] : [])),
    };
  } finally {
    clearTimeout(timer);
  }
}

/** Lines that are not JSON events (a crash, a warning) stay visible in `stdout` only. */
function parseEvents(text: string): z.infer<typeof event>[] {
  return text.split("\n").flatMap((line) => {
    if (!line.startsWith("{")) return [];
    const parsed = event.safeParse(JSON.parse(line));
    return parsed.success ? [parsed.data] : [];
  });
}

function toToolPart(value: unknown): ToolPart {
  const { tool, callID, state } = toolPart.parse(value);
  const { status, input, output, error, title = "", metadata = {} } = state;
  return { tool, callID, status, input, output: output ?? error ?? "", title, metadata };
}
