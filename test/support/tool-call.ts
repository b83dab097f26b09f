import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ToolContext, ToolResult } from "@opencode-ai/plugin/tool";
import { allTools } from "../../src/tools/all.ts";
import { createWorkspace, type Workspace } from "../../src/workspace/workspace.ts";
import { type LocalHost, localHost } from "./local-host.ts";
import type { LocalShellOptions } from "./local-shell.ts";

export type Asked = Parameters<ToolContext["ask"]>[0];

export interface ToolBench extends AsyncDisposable {
  /** The workspace root: a real directory. */
  root: string;
  /** A directory beside the root, outside the workspace. */
  outside: string;
  host: LocalHost;
  workspace: Workspace;
  /** Every question so far, in order. */
  asked: Asked[];
  /** Called with each question before it is answered; what it throws is the answer. */
  onAsk: (question: Asked) => void | Promise<void>;
  abort: AbortController;
  /** Runs a tool as OpenCode would. */
  call(name: string, args: unknown): Promise<Exclude<ToolResult, string>>;
}

/** The seven tools on a real directory of this machine, with a host context that records what is asked. */
export async function toolBench(options: LocalShellOptions = {}): Promise<ToolBench> {
  const base = await mkdtemp(join(tmpdir(), "rc-tools-"));
  const [root, outside] = [join(base, "work"), join(base, "else")];
  const host = localHost({ home: root, ...options });
  await host.shell.exec(`mkdir '${root}' '${outside}'`);
  const workspace = createWorkspace({ host, workdir: root, mirror: () => join(base, "mirror") });
  const tools = allTools(() => workspace);
  const bench: ToolBench = {
    root,
    outside,
    host,
    workspace,
    asked: [],
    onAsk: () => {},
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

const context = (bench: ToolBench): ToolContext => ({
  sessionID: "ses_1",
  messageID: "msg_1",
  agent: "build",
  directory: bench.root,
  worktree: bench.root,
  abort: bench.abort.signal,
  metadata() {},
  async ask(question) {
    bench.asked.push(question);
    await bench.onAsk(question);
  },
});
