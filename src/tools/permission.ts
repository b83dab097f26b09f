import { dirname, type RemotePath } from "../remote/path.ts";
import { filePatch } from "../text/diff.ts";
import type { Call } from "./define-tool.ts";

/** *Where*: asked before any remote I/O outside the workspace, as the built-ins ask for paths outside the worktree. */
export async function askPlace(
  { ctx, workspace }: Call,
  path: RemotePath,
  kind: "file" | "directory" = "file",
): Promise<void> {
  if (workspace.isInside(path)) return;
  const parentDir = kind === "directory" ? path : dirname(path);
  const pattern = parentDir === "/" ? "/*" : `${parentDir}/*`;
  await ctx.ask({
    permission: "external_directory",
    patterns: [pattern],
    always: [pattern],
    metadata: { filepath: path, parentDir },
  });
}

export async function askRead({ ctx, workspace }: Call, path: RemotePath): Promise<void> {
  await ctx.ask({ permission: "read", patterns: [workspace.display(path)], always: ["*"], metadata: {} });
}

/** *What*: asked with the diff, before any write. */
export async function askEdit({ ctx, workspace }: Call, path: RemotePath, diff: string): Promise<void> {
  await ctx.ask({
    permission: "edit",
    patterns: [workspace.display(path)],
    always: ["*"],
    metadata: { filepath: path, diff },
  });
}

/** The diff that is asked about and shown; of what the user sees, so line endings count as LF. */
export const diffOf = (path: RemotePath, before: string, after: string): string => filePatch(path, before, after);
