import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ToolContext, ToolResult } from "@opencode-ai/plugin/tool";
import type { RemoteHost } from "../../src/remote/host.ts";
import { allTools } from "../../src/tools/all.ts";
import { type OpenCode, openCodeWith } from "../../src/tools/opencode.ts";
import { createWorkspace, type Workspace } from "../../src/workspace/workspace.ts";
import { type LocalHost, localHost } from "./local-host.ts";
import type { LocalShellOptions } from "./local-shell.ts";

export type Asked = Parameters<ToolContext["ask"]>[0];

/** The seven tools, with a host context that records what is asked. */
export interface Bench extends AsyncDisposable {
  workspace: Workspace;
  /** The workspace root. */
  root: string;
  /** The OpenCode that calls; its directory for cut outputs is not there yet. */
  opencode: OpenCode;
  /** Every question so far, in order. */
  asked: Asked[];
  /** Called with each question before it is answered; what it throws is the answer. */
  onAsk: (question: Asked) => void | Promise<void>;
  /** Called with each update of the running call; what it returns is what OpenCode returns. */
  onMetadata: (update: Parameters<ToolContext["metadata"]>[0]) => unknown;
  abort: AbortController;
  /** Runs a tool as OpenCode would. */
  call(name: string, args: unknown): Promise<Exclude<ToolResult, string>>;
}

export interface ToolBench extends Bench {
  /** A directory beside the root, outside the workspace. */
  outside: string;
  host: LocalHost;
}

/** The seven tools on a real directory of this machine. */
export async function toolBench(options: LocalShellOptions = {}): Promise<ToolBench> {
  const base = await mkdtemp(join(tmpdir(), "rc-tools-"));
  const [root, outside] = [join(base, "work"), join(base, "else")];
  const host = localHost({ home: root, ...options });
  await host.shell.exec(`mkdir '${root}' '${outside}'`);
  const bench = await benchOn({ host, root, base });
  return Object.assign(bench, { outside, host });
}

/** The same over a host, which stays; disposing removes what the bench needed on this machine. */
export async function remoteBench(host: RemoteHost, root: string): Promise<Bench> {
  return await benchOn({ host, root, base: await mkdtemp(join(tmpdir(), "rc-tools-")) });
}

async function benchOn({ host, root, base }: { host: RemoteHost; root: string; base: string }): Promise<Bench> {
  const workspace = createWorkspace({ host, workdir: root, mirror: () => join(base, "mirror") });
  const opencode = openCodeWith(join(base, "data", "tool-output"));
  const tools = allTools(() => workspace, opencode);
  const bench: Bench = {
    workspace,
    root,
    opencode,
    asked: [],
    onAsk: () => {},
    onMetadata: () => {},
    abort: new AbortController(),
    async call(name, args) {
      const tool = tools[name];
      if (!tool) throw new Error(`There is no tool ${name}.`);
      const execute: (args: never, ctx: ToolContext) => Promise<ToolResult> = tool.execute;
      const result = await execute(args as never, context(bench));
      if (typeof result === "string") throw new Error("The tool answered a bare string.");
      return result;
    },
    async [Symbol.asyncDispose]() {
      await workspace[Symbol.asyncDispose]();
      await rm(base, { recursive: true, force: true });
    },
  };
  await workspace.ready();
  return bench;
}

const context = (bench: Bench): ToolContext => ({
  sessionID: "ses_1",
  messageID: "msg_1",
  agent: "build",
  directory: bench.root,
  worktree: bench.root,
  abort: bench.abort.signal,
  metadata: (update) => bench.onMetadata(update),
  async ask(question) {
    bench.asked.push(question);
    await bench.onAsk(question);
  },
});
