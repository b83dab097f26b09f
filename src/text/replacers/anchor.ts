import type { Matcher } from "./matcher.ts";
import { linesOf } from "./matcher.ts";
import { similarity } from "./similarity.ts";

/** Mean similarity of the middle lines from which a block counts as the one that was meant; the built-in's value. */
const SIMILAR_ENOUGH = 0.65;
/** How far the block's line count may differ from the string's, as a part of it; at least one line. */
const SIZE_TOLERANCE = 0.25;
/** The built-in's share of middle lines that must be equal for a block of the same size. */
const EQUAL_ENOUGH = 0.5;

/** Two anchors need something between them. */
const MIN_LINES = 3;

interface Anchored {
  lines: string[];
  /** First and last line of each block that begins and ends as the string does, both inclusive. */
  blocks: { first: number; last: number }[];
}

/** Each block runs from a line equal to the first sought line to the nearest one equal to the last, two or more below. */
function anchored(content: string, sought: readonly string[]): Anchored {
  const lines = content.split("\n");
  const trimmed = lines.map((line) => line.trim());
  const head = sought[0]?.trim();
  const foot = sought.at(-1)?.trim() ?? "";
  const blocks: Anchored["blocks"] = [];
  for (let first = 0; first < lines.length; first++) {
    if (trimmed[first] !== head) continue;
    const last = trimmed.indexOf(foot, first + 2);
    if (last !== -1) blocks.push({ first, last });
  }
  return { lines, blocks };
}

/** Mean similarity of the lines between the anchors, compared in order; 1 when there are none to compare. */
function middleSimilarity(block: readonly string[], sought: readonly string[]): number {
  const count = Math.min(sought.length, block.length) - 2;
  if (count <= 0) return 1;
  let sum = 0;
  for (let index = 1; index <= count; index++) {
    sum += similarity((block[index] ?? "").trim(), (sought[index] ?? "").trim()) ?? 0;
  }
  return sum / count;
}

/** The block with the right first and last line, about the right size, and the most similar middle. */
export const blockAnchor: Matcher = function* (content, wanted) {
  if (wanted.split("\n").length < MIN_LINES) return;
  const sought = linesOf(wanted);
  const tolerance = Math.max(1, Math.floor(sought.length * SIZE_TOLERANCE));
  const { lines, blocks } = anchored(content, sought);
  let best: { text: string; score: number } | undefined;
  for (const { first, last } of blocks) {
    if (Math.abs(last - first + 1 - sought.length) > tolerance) continue;
    const block = lines.slice(first, last + 1);
    const score = middleSimilarity(block, sought);
    if (best === undefined || score > best.score) best = { text: block.join("\n"), score };
  }
  if (best !== undefined && best.score >= SIMILAR_ENOUGH) yield best.text;
};

/** Blocks with the right first and last line and size, of whose non-blank middle lines half are equal when trimmed. */
export const contextAware: Matcher = function* (content, wanted) {
  if (wanted.split("\n").length < MIN_LINES) return;
  const sought = linesOf(wanted);
  const { lines, blocks } = anchored(content, sought);
  for (const { first, last } of blocks) {
    if (last - first + 1 !== sought.length) continue;
    const block = lines.slice(first, last + 1);
    const pairs = block.map((line, index) => [line.trim(), (sought[index] ?? "").trim()] as const).slice(1, -1);
    const telling = pairs.filter(([have, want]) => have !== "" || want !== "");
    const equal = telling.filter(([have, want]) => have === want).length;
    if (telling.length === 0 || equal / telling.length >= EQUAL_ENOUGH) yield block.join("\n");
  }
};
