import * as z from "zod";
import { RemoteError } from "../remote/error.ts";
import type { ToolSpec } from "./define-tool.ts";
import { askPlace } from "./permission.ts";

const args = { pattern: z.string(), path: z.string().optional() };

/** The built-in's cap. */
const limit = 100;

export const glob: ToolSpec<typeof args> = {
  name: "glob",
  description:
    "Finds files on the remote machine by a glob pattern such as **/*.ts; at most 100 paths. path is the directory to search in, absolute or relative to the working directory (the default).",
  args,
  async run({ pattern, path }, call) {
    const { ctx, workspace } = call;
    const dir = await workspace.resolve(path ?? ".", ctx.abort);
    await ctx.ask({ permission: "glob", patterns: [pattern], always: ["*"], metadata: { pattern, path } });
    await askPlace(call, dir, "directory");
    const { paths, truncated } = await workspace.search
      .glob({ dir, pattern, limit, signal: ctx.abort })
      .catch((cause: unknown) => {
        if (!(cause instanceof RemoteError) || cause.code !== "not_a_directory") throw cause;
        throw new Error(`glob path must be a directory: ${dir}`, { cause });
      });
    const more = `(Results are truncated: showing first ${limit} results. Consider using a more specific path or pattern.)`;
    const output = paths.length ? [...paths, ...(truncated ? ["", more] : [])].join("\n") : "No files found";
    return { title: workspace.display(dir), output, metadata: { count: paths.length, truncated } };
  },
};
