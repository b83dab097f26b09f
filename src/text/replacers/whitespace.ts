import type { Matcher } from "./matcher.ts";
import { linesOf, windows } from "./matcher.ts";

/** Consecutive lines that are equal when each is trimmed. */
export const lineTrimmed: Matcher = function* (content, wanted) {
  const lines = content.split("\n");
  const trimmed = lines.map((line) => line.trim());
  const sought = linesOf(wanted).map((line) => line.trim());
  for (let first = 0; first + sought.length <= lines.length; first++) {
    if (sought.every((line, index) => trimmed[first + index] === line)) {
      yield lines.slice(first, first + sought.length).join("\n");
    }
  }
};

const collapse = (text: string): string => text.replace(/\s+/g, " ").trim();

/** Equal when every run of white space counts as one space: whole lines, parts of a line, then blocks of lines. */
export const whitespaceNormalised: Matcher = function* (content, wanted) {
  const sought = collapse(wanted);
  const words = wanted.trim().split(/\s+/).map(escapeRegExp);
  const withinLine = new RegExp(words.join("\\s+"));
  for (const line of content.split("\n")) {
    const collapsed = collapse(line);
    if (collapsed === sought) yield line;
    else if (collapsed.includes(sought)) {
      const part = withinLine.exec(line);
      if (part) yield part[0];
    }
  }
  const size = wanted.split("\n").length;
  if (size === 1) return;
  for (const block of windows(content, size)) if (collapse(block) === sought) yield block;
};

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** The text with the indentation that all its non-blank lines share taken off. */
function dedent(text: string): string {
  const lines = text.split("\n");
  const depths = lines.filter((line) => line.trim() !== "").map((line) => line.length - line.trimStart().length);
  if (depths.length === 0) return text;
  const depth = depths.reduce((least, next) => Math.min(least, next));
  return lines.map((line) => (line.trim() === "" ? line : line.slice(depth))).join("\n");
}

/** Blocks that differ from the string only in how deep the whole of it is indented. */
export const indentationFlexible: Matcher = function* (content, wanted) {
  const sought = dedent(wanted);
  for (const block of windows(content, wanted.split("\n").length)) if (dedent(block) === sought) yield block;
};
