import { diffLines, formatPatch, OMIT_HEADERS, type StructuredPatchHunk, structuredPatch } from "diff";
import { toLf } from "./eol.ts";

/**
 * Added plus removed lines up to which the shortest diff is searched for. The search takes quadratic time (measured on
 * Node 20: 0.2 s at 2,000, 10 s at 20,000) and blocks; beyond it, everything between the first and the last difference
 * counts as replaced.
 */
const MAX_EDIT_LENGTH = 2000;

/** Unchanged lines around each change; jsdiff's default, which the built-ins use. */
const CONTEXT_LINES = 4;

const UNDERLINE = "=".repeat(67);

/**
 * A unified diff with `Index:` header and the common indentation stripped, as the built-ins put it in `metadata.diff`.
 * Line breaks are compared as LF (the edit tool); with `keepCr` a changed line ending is a change (apply_patch).
 */
export function filePatch(path: string, before: string, after: string, options: { keepCr?: boolean } = {}): string {
  const [from, to] = options.keepCr ? [before, after] : [toLf(before), toLf(after)];
  const name = headerName(path);
  const hunks = structuredPatch(name, name, from, to, undefined, undefined, {
    context: CONTEXT_LINES,
    maxEditLength: MAX_EDIT_LENGTH,
  })?.hunks ?? [replacementHunk(from, to)];
  const patch = { oldFileName: name, newFileName: name, oldHeader: undefined, newHeader: undefined, hunks };
  // The header is ours: jsdiff would write names with non-ASCII letters in octal.
  const header = [`Index: ${name}`, UNDERLINE, `--- ${name}`, `+++ ${name}`].join("\n");
  return trimDiff(`${header}\n${hunks.length === 0 ? "" : formatPatch(patch, OMIT_HEADERS)}`);
}

/** Added and removed lines. */
export function countChanges(before: string, after: string): { additions: number; deletions: number } {
  const changes = diffLines(before, after, { maxEditLength: MAX_EDIT_LENGTH });
  if (!changes) {
    const { removed, added } = differingMiddle(before, after);
    return { additions: added.length, deletions: removed.length };
  }
  const count = (kind: "added" | "removed") =>
    changes.reduce((sum, change) => (change[kind] ? sum + change.count : sum), 0);
  return { additions: count("added"), deletions: count("removed") };
}

/** A line break in a name would end the header. */
const headerName = (path: string): string => (/[\x00-\x1f]/.test(path) ? JSON.stringify(path) : path);

const isBody = (line: string): boolean => /^[-+ ]/.test(line) && !/^(?:---|\+\+\+)/.test(line);

/** The diff with the indentation taken off that all its non-blank body lines share. */
export function trimDiff(diff: string): string {
  const lines = diff.split("\n");
  const depths = lines
    .filter((line) => isBody(line) && line.slice(1).trim() !== "")
    .map((line) => line.length - 1 - line.slice(1).trimStart().length);
  const depth = depths.reduce((least, next) => Math.min(least, next), Number.POSITIVE_INFINITY);
  if (depth === 0 || depth === Number.POSITIVE_INFINITY) return diff;
  return lines.map((line) => (isBody(line) ? line.slice(0, 1) + line.slice(1 + depth) : line)).join("\n");
}

/** Lines with their line break. */
const splitLines = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+/g) ?? [];

interface Middle {
  /** All lines of the old text, and how many at each end are the same in both. */
  old: string[];
  head: number;
  tail: number;
  removed: string[];
  added: string[];
}

function differingMiddle(before: string, after: string): Middle {
  const [old, now] = [splitLines(before), splitLines(after)];
  const shorter = Math.min(old.length, now.length);
  let head = 0;
  while (head < shorter && old[head] === now[head]) head++;
  let tail = 0;
  while (tail < shorter - head && old.at(-1 - tail) === now.at(-1 - tail)) tail++;
  return {
    old,
    head,
    tail,
    removed: old.slice(head, old.length - tail),
    added: now.slice(head, now.length - tail),
  };
}

/** One hunk that replaces everything between the first and the last difference. */
function replacementHunk(before: string, after: string): StructuredPatchHunk {
  const { old, head, tail, removed, added } = differingMiddle(before, after);
  const first = Math.max(0, head - CONTEXT_LINES);
  const above = old.slice(first, head);
  const below = old.slice(old.length - tail).slice(0, CONTEXT_LINES);
  const mark = (sign: string, lines: string[]) =>
    lines.flatMap((line) => (line.endsWith("\n") ? [sign + line.slice(0, -1)] : [sign + line, NO_NEWLINE]));
  const around = above.length + below.length;
  return {
    oldStart: first + 1,
    oldLines: around + removed.length,
    newStart: first + 1,
    newLines: around + added.length,
    lines: [...mark(" ", above), ...mark("-", removed), ...mark("+", added), ...mark(" ", below)],
  };
}

const NO_NEWLINE = "\\ No newline at end of file";
