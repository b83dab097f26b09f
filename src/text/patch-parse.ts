/** One place in a file: `oldLines` become `newLines`. Lines carry no line break. */
export interface Chunk {
  oldLines: string[];
  newLines: string[];
  /** A line that stands somewhere above the place; the search begins below it. */
  context?: string;
  /** The place is the end of the file, if it fits there. */
  endOfFile?: boolean;
}

export type Hunk =
  /** `content` is the whole file as it is to be written, with its final newline. */
  | { kind: "add"; path: string; content: string }
  | { kind: "delete"; path: string }
  | { kind: "update"; path: string; moveTo?: string; chunks: Chunk[] };

const BEGIN = "*** Begin Patch";
const END = "*** End Patch";
const ADD = "*** Add File:";
const DELETE = "*** Delete File:";
const UPDATE = "*** Update File:";
const MOVE = "*** Move to:";
const END_OF_FILE = "*** End of File";

/** Models wrap the patch in the shell command that would feed it to a program. */
const HEREDOC = /^(?:cat\s+)?<<(['"]?)(\w+)['"]?\s*\n([\s\S]*?)\n\2\s*$/;

/**
 * The file operations of a patch in its order; paths as written. Lines that fit nowhere are skipped.
 * Throws an Error when the begin and end markers are not there in this order; an empty list means that nothing is
 * between them (see `isEmptyPatch`).
 */
export function parsePatch(patchText: string): Hunk[] {
  const trimmed = patchText.trim();
  const lines = (HEREDOC.exec(trimmed)?.[3] ?? trimmed).split("\n");
  const begin = lines.findIndex((line) => line.trim() === BEGIN);
  const end = lines.findIndex((line) => line.trim() === END);
  if (begin === -1 || end <= begin) throw new Error("Invalid patch format: missing Begin/End markers");

  const hunks: Hunk[] = [];
  for (const [header, ...body] of sections(lines.slice(begin + 1, end))) {
    const hunk = parseSection(header ?? "", body);
    if (hunk) hunks.push(hunk);
  }
  return hunks;
}

/** True when the patch consists of its two markers only, which the built-in calls empty and not malformed. */
export const isEmptyPatch = (patchText: string): boolean =>
  patchText.replaceAll("\r\n", "\n").trim() === `${BEGIN}\n${END}`;

const isHeader = (line: string): boolean => [ADD, DELETE, UPDATE].some((mark) => line.startsWith(mark));

/** Cut before each file header; what stands above the first one is dropped. */
function sections(lines: readonly string[]): string[][] {
  const found: string[][] = [];
  for (const line of lines) {
    if (isHeader(line)) found.push([line]);
    else found.at(-1)?.push(line);
  }
  return found;
}

function parseSection(header: string, body: readonly string[]): Hunk | undefined {
  const path = header.slice(header.indexOf(":") + 1).trim();
  if (path === "") return undefined;
  if (header.startsWith(DELETE)) return { kind: "delete", path };
  if (header.startsWith(ADD)) return { kind: "add", path, content: addedContent(body) };
  const [first] = body;
  if (first?.startsWith(MOVE)) {
    const moveTo = first.slice(MOVE.length).trim();
    return { kind: "update", path, chunks: parseChunks(body.slice(1)), ...(moveTo === "" ? {} : { moveTo }) };
  }
  return { kind: "update", path, chunks: parseChunks(body) };
}

/** A file of several lines always ends with a newline; a trailing empty line counts as that newline. */
function addedContent(body: readonly string[]): string {
  const unknown = body.findIndex((line) => line.startsWith("***"));
  const known = unknown === -1 ? body : body.slice(0, unknown);
  const content = known.flatMap((line) => (line.startsWith("+") ? [line.slice(1)] : [])).join("\n");
  return content === "" || content.endsWith("\n") ? content : `${content}\n`;
}

function parseChunks(body: readonly string[]): Chunk[] {
  const chunks: Chunk[] = [];
  let open: Chunk | undefined;
  for (const line of body) {
    if (line.startsWith("@@")) {
      const context = line.slice(2).trim();
      open = { oldLines: [], newLines: [], ...(context === "" ? {} : { context }) };
      chunks.push(open);
    } else if (line.startsWith("***")) {
      if (line.trim() !== END_OF_FILE) break;
      if (open) open.endOfFile = true;
      open = undefined;
    } else if (open) {
      const rest = line.slice(1);
      if (line.startsWith(" ") || line.startsWith("-")) open.oldLines.push(rest);
      if (line.startsWith(" ") || line.startsWith("+")) open.newLines.push(rest);
    }
  }
  return chunks;
}
