import { constants } from "node:fs";
import { type FileHandle, open, realpath } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { isBinary, SAMPLE_BYTES } from "../text/binary.ts";
import { linePieces } from "../text/line-stream.ts";
import { type FileDisplay, type Page, type Rendered, renderLines } from "../text/lines.ts";
import { searchPattern } from "../text/search-pattern.ts";
import type { Call } from "./define-tool.ts";
import type { OpenCode } from "./opencode.ts";

/** An output that OpenCode or the bash tool saved on this machine: the one kind of local file that the tools open. */
export interface LocalOutput extends AsyncDisposable {
  /** As the model was told. */
  path: string;
  handle: FileHandle;
}

/** UTF-16 units of a line that are looked at together; a longer line is looked at in pieces. */
const maxPiece = 20_000;
const chunkBytes = 256 * 1024;
const savedName = /^tool_\w+$/;

/**
 * Opens `path` when it names a saved output and nothing else: the absolute path of a regular file that lies directly in
 * OpenCode's directory for them, under such a name, reached through no symlink of its own. Everything else is a path of
 * the remote.
 */
export async function openLocalOutput(path: string, opencode: OpenCode): Promise<LocalOutput | undefined> {
  const { outputDirectory } = opencode;
  const name = basename(path);
  if (!savedName.test(name) || path !== join(outputDirectory, name)) return;
  try {
    if ((await realpath(path)) !== join(await realpath(outputDirectory), name)) return;
    // Opening a FIFO would wait for its writer; Windows knows neither flag.
    const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
    const handle = await open(path, flags);
    const stat = await handle.stat().catch(() => undefined);
    if (stat?.isFile()) return { path, handle, [Symbol.asyncDispose]: () => handle.close() };
    await handle.close();
  } catch {
    // Not here (any more).
  }
}

/** The same for a search: `path` may be the directory when `include` is the name of a saved output in it. */
export async function openSearchedOutput(
  { path, include }: { path?: string; include?: string },
  opencode: OpenCode,
): Promise<LocalOutput | undefined> {
  if (path === undefined) return;
  const isDirectory = resolve(path) === opencode.outputDirectory && include !== undefined;
  return await openLocalOutput(isDirectory ? join(opencode.outputDirectory, include) : path, opencode);
}

/** What the built-ins ask for a file outside the worktree; OpenCode allows this directory unless the user denies it. */
export async function askLocalPlace({ ctx }: Call, { path }: LocalOutput): Promise<void> {
  const parentDir = dirname(path);
  const pattern = join(parentDir, "*").replaceAll("\\", "/");
  const metadata = { filepath: path, parentDir };
  await ctx.ask({ permission: "external_directory", patterns: [pattern], always: [pattern], metadata });
}

/** Name of the file as OpenCode shows it: relative to the worktree. */
export const localTitle = ({ ctx }: Call, { path }: LocalOutput): string => relative(ctx.worktree, path);

/** A page of it, as the built-in read shows one. Holds no more of the file than that. */
export async function renderLocal(file: LocalOutput, page: Page, signal: AbortSignal): Promise<Rendered<FileDisplay>> {
  const sample = Buffer.alloc(SAMPLE_BYTES);
  const { bytesRead } = await file.handle.read(sample, 0, SAMPLE_BYTES, 0);
  if (isBinary(basename(file.path), sample.subarray(0, bytesRead))) {
    throw new Error(`Cannot read binary file: ${file.path}`);
  }
  return await renderLines({ path: file.path, lines: lines(file, signal), ...page });
}

async function* lines(file: LocalOutput, signal: AbortSignal): AsyncGenerator<string, void, void> {
  for await (const { text, isFirst } of linePieces(bytes(file, signal), { maxLength: maxPiece, breaks: "all" })) {
    if (isFirst) yield text;
  }
}

/** Matching lines of it, at most `limit`; of a giant line the first piece that matches. */
export async function grepLocal(
  file: LocalOutput,
  pattern: string,
  { limit, signal }: { limit: number; signal: AbortSignal },
) {
  const regex = searchPattern(pattern);
  const matches: { path: string; line: number; text: string }[] = [];
  for await (const { number, text, isEnded } of linePieces(bytes(file, signal), {
    maxLength: maxPiece,
    breaks: "lf",
  })) {
    if (matches.at(-1)?.line === number || !regex.test(text)) continue;
    if (matches.length === limit) return { matches, truncated: true };
    matches.push({ path: file.path, line: number, text: isEnded ? `${text}\n` : text });
  }
  return { matches, truncated: false };
}

async function* bytes({ handle }: LocalOutput, signal: AbortSignal): AsyncGenerator<Uint8Array, void, void> {
  const buffer = Buffer.alloc(chunkBytes);
  for (let at = 0; ; ) {
    signal.throwIfAborted();
    const { bytesRead } = await handle.read(buffer, 0, chunkBytes, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
