import * as z from "zod";
import { RemoteError } from "../remote/error.ts";
import { basename, dirname, type RemotePath, remotePath } from "../remote/path.ts";
import { isBinary, SAMPLE_BYTES, sniffMedia } from "../text/binary.ts";
import { decodeText } from "../text/encoding.ts";
import { type Page, renderDirectory, renderFile } from "../text/lines.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { Call, ToolSpec } from "./define-tool.ts";
import { askLocalPlace, type LocalOutput, localTitle, openLocalOutput, renderLocal } from "./local-output.ts";
import { askPlace, askRead } from "./permission.ts";

const args = {
  filePath: z.string(),
  offset: z.number().int().min(0).optional(),
  limit: z.number().int().min(0).optional(),
};

/** Names offered for a file that is not there. */
const maxSuggestions = 3;

export const read: ToolSpec<typeof args> = {
  name: "read",
  description:
    "Reads a file or directory of the remote machine. filePath is absolute, or relative to the working directory. Returns up to 2000 lines with their numbers; use offset (from 1) and limit to page through longer files. Directories are listed, images and PDF files are attached.",
  args,
  async run({ filePath, offset, limit }, call) {
    const { ctx, workspace, opencode } = call;
    await using local = await openLocalOutput(filePath, opencode);
    if (local) return await readLocal(local, { offset, limit }, call);
    const path = await workspace.resolve(filePath, ctx.abort);
    await askPlace(call, path);
    await askRead(call, path);
    await using file = await workspace.open(path, ctx.abort);
    const title = workspace.display(path);
    if (file.pulled.kind === "directory") {
      const entries = file.pulled.entries.map((entry) => (entry.directory ? `${entry.name}/` : entry.name));
      const { output, truncated, preview, display } = renderDirectory({ path, entries, offset, limit });
      return { title, output, metadata: { preview, truncated, loaded: [], display } };
    }
    const content = file.content();
    if (!content) throw await notFound(path, call);
    return renderContent(path, title, content, { offset, limit });
  },
};

async function readLocal(file: LocalOutput, page: Page, call: Call) {
  const title = localTitle(call, file);
  await askLocalPlace(call, file);
  await call.ctx.ask({ permission: "read", patterns: [title], always: ["*"], metadata: {} });
  const { output, truncated, preview, display } = await renderLocal(file, page, call.ctx.abort);
  return { title, output, metadata: { preview, truncated, loaded: [], display } };
}

function renderContent(path: RemotePath, title: string, content: Buffer, page: { offset?: number; limit?: number }) {
  const sample = content.subarray(0, SAMPLE_BYTES);
  const mime = sniffMedia(basename(path), sample);
  if (mime) {
    const output = `${mime === "application/pdf" ? "PDF" : "Image"} read successfully`;
    const url = `data:${mime};base64,${content.toString("base64")}`;
    const metadata = { preview: output, truncated: false, loaded: [] };
    return { title, output, metadata, attachments: [{ type: "file" as const, mime, url }] };
  }
  if (isBinary(basename(path), sample)) throw new Error(`Cannot read binary file: ${path}`);
  const { output, truncated, preview, display } = renderFile({ path, text: decodeText(content).text, ...page });
  return { title, output, metadata: { preview, truncated, loaded: [], display } };
}

async function notFound(path: RemotePath, { ctx, workspace }: Call): Promise<Error> {
  const similar = await suggestions(path, workspace, ctx.abort);
  const hint = similar.length ? `\n\nDid you mean one of these?\n${similar.join("\n")}` : "";
  return new Error(`File not found: ${path}${hint}`);
}

async function suggestions(path: RemotePath, workspace: Workspace, signal: AbortSignal): Promise<RemotePath[]> {
  const dir = dirname(path);
  const asked = basename(path).toLowerCase();
  try {
    await using parent = await workspace.open(dir, signal);
    if (parent.pulled.kind !== "directory") return [];
    return parent.pulled.entries
      .map((entry) => entry.name)
      .filter((name) => name.toLowerCase().includes(asked) || asked.includes(name.toLowerCase()))
      .slice(0, maxSuggestions)
      .map((name) => remotePath(name, dir));
  } catch (error) {
    if (error instanceof RemoteError) return [];
    throw error;
  }
}
