import type { ToolDefinition } from "@opencode-ai/plugin/tool";
import type { Workspace } from "../workspace/workspace.ts";
import { applyPatch } from "./apply-patch.ts";
import { bash } from "./bash.ts";
import { defineTool } from "./define-tool.ts";
import { edit } from "./edit.ts";
import { glob } from "./glob.ts";
import { grep } from "./grep.ts";
import { type OpenCode, openCodeWith, outputDirectory } from "./opencode.ts";
import { read } from "./read.ts";
import { write } from "./write.ts";

/** All seven, by OpenCode's names; which of edit, write and apply_patch a model gets is the host's choice. */
export function allTools(
  workspace: () => Workspace,
  opencode: OpenCode = openCodeWith(outputDirectory()),
): Record<string, ToolDefinition> {
  return {
    bash: defineTool(bash, workspace, opencode),
    glob: defineTool(glob, workspace, opencode),
    grep: defineTool(grep, workspace, opencode),
    read: defineTool(read, workspace, opencode),
    write: defineTool(write, workspace, opencode),
    edit: defineTool(edit, workspace, opencode),
    apply_patch: defineTool(applyPatch, workspace, opencode),
  };
}
