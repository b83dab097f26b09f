import * as z from "zod";
import { RemoteError } from "../remote/error.ts";
import { dirname, type RemotePath } from "../remote/path.ts";
import type { GrepMatch } from "../remote/search.ts";
import type { Call, ToolSpec } from "./define-tool.ts";
import { askPlace } from "./permission.ts";

const args = { pattern: z.string(), path: z.string().optional(), include: z.string().optional() };

/** The built-in's caps: matches, and UTF-16 units of one shown line. */
const limit = 100;
const maxText = 2000;

export const grep: ToolSpec<typeof args> = {
  name: "grep",
  description:
    "Searches the contents of files on the remote machine by a regular expression; at most 100 matching lines. path is the directory to search in (default: the working directory), include a glob that file names must match, such as *.ts.",
  args,
  async run({ pattern, path, include }, call) {
    if (!pattern) throw new Error("pattern is required");
    const { ctx, workspace } = call;
    const dir = await workspace.resolve(path ?? ".", ctx.abort);
    await ctx.ask({ permission: "grep", patterns: [pattern], always: ["*"], metadata: { pattern, path, include } });
    await askPlace(call, dir, "directory");
    const { matches, truncated } = await search(call, dir, pattern, include);
    const metadata = { matches: matches.length, truncated };
    if (!matches.length) return { title: pattern, output: "No files found", metadata };
    const found = `Found ${matches.length} matches${truncated ? " (more matches available)" : ""}`;
    const more = "(Results truncated. Consider using a more specific path or pattern.)";
    const lines = [found, ...render(matches), ...(truncated ? ["", more] : [])];
    return { title: pattern, output: lines.join("\n"), metadata };
  },
};

/** A path that is a file searches the directory it lies in, as the built-in does. */
async function search(call: Call, dir: RemotePath, pattern: string, include: string | undefined) {
  const query = { pattern, include, limit, signal: call.ctx.abort };
  try {
    return await call.workspace.search.grep({ dir, ...query });
  } catch (error) {
    if (!(error instanceof RemoteError) || error.code !== "not_a_directory") throw error;
    const parent = dirname(dir);
    await askPlace(call, parent, "directory");
    return await call.workspace.search.grep({ dir: parent, ...query });
  }
}

function render(matches: readonly GrepMatch[]): string[] {
  const lines: string[] = [];
  let current: RemotePath | undefined;
  for (const { path, line, text } of matches) {
    if (path !== current) lines.push(...(current === undefined ? [] : [""]), `${path}:`);
    current = path;
    lines.push(`  Line ${line}: ${text.length > maxText ? `${text.slice(0, maxText)}...` : text}`);
  }
  return lines;
}
