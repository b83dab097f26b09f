import * as z from "zod";
import { RemoteError } from "../remote/error.ts";
import { dirname, type RemotePath } from "../remote/path.ts";
import type { Call, ToolSpec } from "./define-tool.ts";
import { askLocalPlace, grepLocal, type LocalOutput, openSearchedOutput } from "./local-output.ts";
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
    await using local = await openSearchedOutput({ path, include }, call.opencode);
    const query = { pattern, path, include };
    const { matches, truncated } = local ? await searchLocal(call, local, query) : await searchRemote(call, query);
    const metadata = { matches: matches.length, truncated };
    if (!matches.length) return { title: pattern, output: "No files found", metadata };
    const found = `Found ${matches.length} matches${truncated ? " (more matches available)" : ""}`;
    const more = "(Results truncated. Consider using a more specific path or pattern.)";
    const lines = [found, ...render(matches), ...(truncated ? ["", more] : [])];
    return { title: pattern, output: lines.join("\n"), metadata };
  },
};

interface Query {
  pattern: string;
  path: string | undefined;
  include: string | undefined;
}

const askGrep = ({ ctx }: Call, query: Query): Promise<void> =>
  ctx.ask({ permission: "grep", patterns: [query.pattern], always: ["*"], metadata: { ...query } });

async function searchRemote(call: Call, query: Query) {
  const { ctx, workspace } = call;
  const dir = await workspace.resolve(query.path ?? ".", ctx.abort);
  await askGrep(call, query);
  await askPlace(call, dir, "directory");
  return await search(call, dir, query);
}

/** Of a saved output only that file is searched: beside it lie those of other sessions. */
async function searchLocal(call: Call, file: LocalOutput, query: Query) {
  await askGrep(call, query);
  await askLocalPlace(call, file);
  return await grepLocal(file, query.pattern, { limit, signal: call.ctx.abort });
}

/** A path that is a file searches the directory it lies in, as the built-in does. */
async function search(call: Call, dir: RemotePath, { pattern, include }: Query) {
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

function render(matches: readonly { path: string; line: number; text: string }[]): string[] {
  const lines: string[] = [];
  let current: string | undefined;
  for (const { path, line, text } of matches) {
    if (path !== current) lines.push(...(current === undefined ? [] : [""]), `${path}:`);
    current = path;
    lines.push(`  Line ${line}: ${text.length > maxText ? `${text.slice(0, maxText)}...` : text}`);
  }
  return lines;
}
