/** Lines of a page when the caller names no limit. */
export const DEFAULT_PAGE_LINES = 2000;

/** UTF-16 units of one line that are shown. */
const MAX_LINE_LENGTH = 2000;

/** UTF-8 bytes of a page's lines and the breaks between them; line numbers are not counted. */
const MAX_PAGE_BYTES = 51_200;

/** Lines of a page that the preview holds. */
const PREVIEW_LINES = 20;

/** Which part to show; an offset of 0 counts as 1. */
export interface Page {
  /** First line or entry, counted from 1. */
  offset?: number;
  /** Lines or entries; `DEFAULT_PAGE_LINES` when absent. */
  limit?: number;
}

export interface FileDisplay {
  type: "file";
  path: string;
  text: string;
  lineStart: number;
  /** Inclusive; `lineStart - 1` for an empty page. */
  lineEnd: number;
  /** Lines of the file, or up to the one that no longer fitted when the page was cut by its size. */
  totalLines: number;
  truncated: boolean;
}

export interface DirectoryDisplay {
  type: "directory";
  path: string;
  entries: string[];
  offset: number;
  totalEntries: number;
  truncated: boolean;
}

export interface Rendered<Display> {
  output: string;
  truncated: boolean;
  preview: string;
  display: Display;
}

/**
 * A page of a text file as the built-in read shows it. `text` comes without byte order mark; LF, CRLF and a lone CR end
 * a line. Throws an Error when the offset lies behind the last line.
 */
export function renderFile(file: Page & { path: string; text: string }): Rendered<FileDisplay> {
  const offset = file.offset || 1;
  const limit = file.limit ?? DEFAULT_PAGE_LINES;
  const { lines, count, more, cut } = pageOf(file.text, offset, limit);
  if (count < offset && !(count === 0 && offset === 1)) {
    throw new Error(`Offset ${offset} is out of range for this file (${count} lines)`);
  }
  const last = offset + lines.length - 1;
  const notice = cut
    ? `(Output capped at ${MAX_PAGE_BYTES / 1024} KB. Showing lines ${offset}-${last}. Use offset=${last + 1} to continue.)`
    : more
      ? `(Showing lines ${offset}-${last} of ${count}. Use offset=${last + 1} to continue.)`
      : `(End of file - total ${count} lines)`;
  const numbered = lines.map((line, index) => `${offset + index}: ${line}`).join("\n");
  return {
    output: `<path>${file.path}</path>\n<type>file</type>\n<content>\n${numbered}\n\n${notice}\n</content>`,
    truncated: more,
    preview: lines.slice(0, PREVIEW_LINES).join("\n"),
    display: {
      type: "file",
      path: file.path,
      text: lines.join("\n"),
      lineStart: offset,
      lineEnd: last,
      totalLines: count,
      truncated: more,
    },
  };
}

/** `cut`: the size limit ended the page, and `count` stops there; `more`: there are lines behind the page. */
function pageOf(text: string, offset: number, limit: number) {
  const lines: string[] = [];
  let bytes = 0;
  let count = 0;
  let more = false;
  for (const [start, end] of lineSpans(text)) {
    count++;
    if (count < offset) continue;
    if (lines.length >= limit) {
      more = true;
      continue;
    }
    const line = shorten(text, start, end);
    const size = Buffer.byteLength(line) + (lines.length > 0 ? 1 : 0);
    if (bytes + size > MAX_PAGE_BYTES) return { lines, count, more: true, cut: true };
    lines.push(line);
    bytes += size;
  }
  return { lines, count, more, cut: false };
}

/** Where each line begins and ends; a final line break opens no further line. */
function* lineSpans(text: string): Iterable<readonly [start: number, end: number]> {
  const lineBreak = /\r\n|\n|\r/g;
  let start = 0;
  for (let found = lineBreak.exec(text); found; found = lineBreak.exec(text)) {
    yield [start, found.index];
    start = lineBreak.lastIndex;
  }
  if (start < text.length) yield [start, text.length];
}

const shorten = (text: string, start: number, end: number): string =>
  end - start > MAX_LINE_LENGTH
    ? `${text.slice(start, start + MAX_LINE_LENGTH)}... (line truncated to ${MAX_LINE_LENGTH} chars)`
    : text.slice(start, end);

/**
 * A page of a directory as the built-in read shows it. `entries` are names, with a final `/` for directories and links
 * to them, in any order.
 */
export function renderDirectory(
  directory: Page & { path: string; entries: readonly string[] },
): Rendered<DirectoryDisplay> {
  const { path, entries } = directory;
  const offset = directory.offset || 1;
  const sorted = [...entries].sort((a, b) => a.localeCompare(b));
  const shown = sorted.slice(offset - 1, offset - 1 + (directory.limit ?? DEFAULT_PAGE_LINES));
  const truncated = offset - 1 + shown.length < entries.length;
  const notice = truncated
    ? `(Showing ${shown.length} of ${entries.length} entries. Use 'offset' parameter to read beyond entry ${offset + shown.length})`
    : `(${entries.length} entries)`;
  return {
    output: `<path>${path}</path>\n<type>directory</type>\n<entries>\n${shown.join("\n")}\n\n${notice}\n</entries>`,
    truncated,
    preview: shown.slice(0, PREVIEW_LINES).join("\n"),
    display: { type: "directory", path, entries: shown, offset, totalEntries: entries.length, truncated },
  };
}
