import type { Chunk } from "./patch-parse.ts";

interface Replacement {
  start: number;
  count: number;
  lines: readonly string[];
}

/**
 * `content` (without byte order mark) after the chunks of one file, each searched below the one before. The result ends
 * with a newline. `path` is only named in errors. Throws an Error when a context line or the old lines are not found.
 */
export function applyChunks(path: string, content: string, chunks: readonly Chunk[]): string {
  const lines = content.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const result: string[] = [];
  let copied = 0;
  for (const { start, count, lines: added } of locate(path, lines, chunks)) {
    for (; copied < start; copied++) result.push(lines[copied] ?? "");
    for (const line of added) result.push(line);
    copied = Math.max(copied, start + count);
  }
  for (; copied < lines.length; copied++) result.push(lines[copied] ?? "");
  if (result.at(-1) !== "") result.push("");
  return result.join("\n");
}

function locate(path: string, lines: readonly string[], chunks: readonly Chunk[]): Replacement[] {
  const found: Replacement[] = [];
  let cursor = 0;
  for (const chunk of chunks) {
    if (chunk.context !== undefined) {
      const at = seek(lines, [chunk.context], cursor);
      if (at === -1) throw new Error(`Failed to find context '${chunk.context}' in ${path}`);
      cursor = at + 1;
    }
    if (chunk.oldLines.length === 0) {
      // A pure addition goes to the end, before a blank last line, wherever its context stands: as the built-in does.
      const end = lines.at(-1) === "" ? lines.length - 1 : lines.length;
      found.push({ start: end, count: 0, lines: chunk.newLines });
      continue;
    }
    const place = seekChunk(lines, chunk, cursor);
    if (!place) throw new Error(`Failed to find expected lines in ${path}:\n${chunk.oldLines.join("\n")}`);
    found.push(place);
    cursor = place.start + place.count;
  }
  return found.sort((a, b) => a.start - b.start);
}

/** The chunk's place; a blank last line that stands for the final newline of the file may be missing there. */
function seekChunk(lines: readonly string[], chunk: Chunk, cursor: number): Replacement | undefined {
  const { oldLines, newLines, endOfFile } = chunk;
  const start = seek(lines, oldLines, cursor, endOfFile);
  if (start !== -1) return { start, count: oldLines.length, lines: newLines };
  if (oldLines.at(-1) !== "") return undefined;
  const shorter = oldLines.slice(0, -1);
  const again = seek(lines, shorter, cursor, endOfFile);
  if (again === -1) return undefined;
  return { start: again, count: shorter.length, lines: newLines.at(-1) === "" ? newLines.slice(0, -1) : newLines };
}

/** Typographic characters that models and editors swap for their ASCII cousins. */
const asciiPunctuation = (text: string): string =>
  text
    .replace(/[\u2018-\u201B]/g, "'")
    .replace(/[\u201C-\u201F]/g, '"')
    .replace(/[\u2010-\u2015]/g, "-")
    .replaceAll("\u2026", "...")
    .replaceAll("\u00A0", " ");

/** What two lines are compared by, from strict to lenient. */
const PASSES: readonly ((line: string) => string)[] = [
  (line) => line,
  (line) => line.trimEnd(),
  (line) => line.trim(),
  (line) => asciiPunctuation(line.trim()),
];

/** Index of `pattern` in `lines` at or below `from`, or -1; with `endOfFile` the last possible place is tried first. */
function seek(lines: readonly string[], pattern: readonly string[], from: number, endOfFile = false): number {
  if (pattern.length === 0) return -1;
  const last = lines.length - pattern.length;
  for (const key of PASSES) {
    const wanted = pattern.map(key);
    const fits = (start: number) => wanted.every((line, index) => key(lines[start + index] ?? "") === line);
    if (endOfFile && last >= from && fits(last)) return last;
    for (let start = from; start <= last; start++) if (fits(start)) return start;
  }
  return -1;
}
