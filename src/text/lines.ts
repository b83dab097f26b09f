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
  const page = startPage(file);
  for (const [start, end] of lineSpans(file.text)) if (!page.push(file.text.slice(start, end))) break;
  return render(file.path, page);
}

/** The same for lines that come one after another, each without its line break and with at least its shown beginning. */
export async function renderLines(
  file: Page & { path: string; lines: AsyncIterable<string> },
): Promise<Rendered<FileDisplay>> {
  const page = startPage(file);
  for await (const line of file.lines) if (!page.push(line)) break;
  return render(file.path, page);
}

function render(path: string, { offset, lines, count, more, cut }: FilledPage): Rendered<FileDisplay> {
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
    output: `<path>${path}</path>\n<type>file</type>\n<content>\n${numbered}\n\n${notice}\n</content>`,
    truncated: more,
    preview: lines.slice(0, PREVIEW_LINES).join("\n"),
    display: {
      type: "file",
      path,
      text: lines.join("\n"),
      lineStart: offset,
      lineEnd: last,
      totalLines: count,
      truncated: more,
    },
  };
}

interface FilledPage {
  offset: number;
  lines: string[];
  /** Lines seen. */
  count: number;
  /** There are lines behind the page. */
  more: boolean;
  /** The size limit ended the page, and `count` stops there. */
  cut: boolean;
}

/** `push` takes the file's lines in order and answers false when no further one would change the page. */
function startPage({ offset, limit = DEFAULT_PAGE_LINES }: Page): FilledPage & { push(line: string): boolean } {
  let bytes = 0;
  return {
    offset: offset || 1,
    lines: [],
    count: 0,
    more: false,
    cut: false,
    push(line) {
      this.count++;
      if (this.count < this.offset) return true;
      if (this.lines.length >= limit) {
        this.more = true;
        return true;
      }
      const shown = shorten(line);
      const size = Buffer.byteLength(shown) + (this.lines.length > 0 ? 1 : 0);
      if (bytes + size > MAX_PAGE_BYTES) {
        this.more = true;
        this.cut = true;
        return false;
      }
      this.lines.push(shown);
      bytes += size;
      return true;
    },
  };
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

const shorten = (line: string): string =>
  line.length > MAX_LINE_LENGTH
    ? `${line.slice(0, MAX_LINE_LENGTH)}... (line truncated to ${MAX_LINE_LENGTH} chars)`
    : line;

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
