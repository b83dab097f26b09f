import type { ToolContext, ToolDefinition, ToolResult } from "@opencode-ai/plugin/tool";
import * as z from "zod";
import { sanitise, spellOut } from "../text/sanitise.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { OpenCode } from "./opencode.ts";

/** What every tool of ours gets: the host's context, the workspace, and what is known of the host itself. */
export interface Call {
  ctx: ToolContext;
  workspace: Workspace;
  opencode: OpenCode;
}

export interface ToolSpec<Shape extends z.ZodRawShape> {
  name: string;
  description: string;
  args: Shape;
  run(args: z.infer<z.ZodObject<Shape>>, call: Call): Promise<ToolResult>;
}

/**
 * A tool as OpenCode takes it. The host neither validates nor decodes a plugin tool's arguments, so that is done here, with
 * the sentence the built-ins use. `workspace` is asked for at each call: it throws when the plugin cannot work, and that
 * sentence is then the tool's answer, so that nothing ever falls back to the local machine.
 */
export function defineTool<Shape extends z.ZodRawShape>(
  spec: ToolSpec<Shape>,
  workspace: () => Workspace,
  opencode: OpenCode,
): ToolDefinition {
  const schema = z.object(spec.args);
  return {
    description: spec.description,
    args: spec.args,
    async execute(args: unknown, ctx: ToolContext) {
      const open = workspace();
      const parsed = schema.safeParse(args);
      if (!parsed.success) {
        const text = z.prettifyError(parsed.error);
        throw new Error(
          `The ${spec.name} tool was called with invalid arguments: ${text}.\nPlease rewrite the input so it satisfies the expected schema.`,
        );
      }
      try {
        const call = { ctx: asking(ctx), workspace: open, opencode };
        const answer = shown(await spec.run(parsed.data, call));
        // The types do not name it.
        if ("callID" in ctx) opencode.answers.keep(ctx.callID, answer);
        return answer;
      } catch (error) {
        throw harmless(error);
      }
    },
  };
}

/** OpenCode draws questions as they are, and whoever answers must see what is asked. */
const asking = (ctx: ToolContext): ToolContext => ({
  ...ctx,
  ask: ({ permission, patterns, always, metadata }) =>
    ctx.ask({
      permission,
      patterns: patterns.map(spellOut),
      always: always.map(spellOut),
      metadata: spelledRecord(metadata),
    }),
});

const spelledRecord = (record: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, spelled(value)]));

function spelled(value: unknown): unknown {
  if (typeof value === "string") return spellOut(value);
  if (Array.isArray(value)) return value.map(spelled);
  return typeof value === "object" && value !== null ? spelledRecord(value) : value;
}

/** OpenCode draws a title as it is, and names of remote files stand in it. The output is the model's and stays as it is. */
function shown(result: ToolResult): ToolResult {
  return typeof result === "string" || !result.title ? result : { ...result, title: sanitise(result.title) };
}

/** The same error unless its text could drive the terminal. The host's own errors (a refused question) have no such text. */
function harmless(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const text = sanitise(error.message);
  return text === error.message ? error : new Error(text, { cause: error });
}
