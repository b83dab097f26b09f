import type { ToolDefinition } from "@opencode-ai/plugin/tool";
import type { Workspace } from "../workspace/workspace.ts";
import { applyPatch } from "./apply-patch.ts";
import { bash } from "./bash.ts";
import { defineTool } from "./define-tool.ts";
import { edit } from "./edit.ts";
import { glob } from "./glob.ts";
import { grep } from "./grep.ts";
import { read } from "./read.ts";
import { write } from "./write.ts";

/** All seven, by OpenCode's names; which of edit, write and apply_patch a model gets is the host's choice. */
export function allTools(workspace: () => Workspace): Record<string, ToolDefinition> {
  return {
    bash: defineTool(bash, workspace),
    glob: defineTool(glob, workspace),
    grep: defineTool(grep, workspace),
    read: defineTool(read, workspace),
    write: defineTool(write, workspace),
    edit: defineTool(edit, workspace),
    apply_patch: defineTool(applyPatch, workspace),
  };
}
