import { blockAnchor, contextAware } from "./replacers/anchor.ts";
import { escapeNormalised, everyOccurrence, exact, trimmedBoundary } from "./replacers/literal.ts";
import type { Matcher } from "./replacers/matcher.ts";
import { indentationFlexible, lineTrimmed, whitespaceNormalised } from "./replacers/whitespace.ts";

/** From strict to lenient, in the built-in's order. */
const MATCHERS: readonly Matcher[] = [
  exact,
  lineTrimmed,
  blockAnchor,
  whitespaceNormalised,
  indentationFlexible,
  escapeNormalised,
  trimmedBoundary,
  contextAware,
  everyOccurrence,
];

const AMBIGUOUS = "Found multiple matches for oldString. Provide more surrounding context to make the match unique.";

/**
 * `content` with `oldString` replaced by `newString`, taken literally. The first matcher that finds one unique span
 * decides; with `replaceAll` the first span found, wherever it stands. Line endings must already agree.
 * Throws an Error with the built-in's sentence when there is nothing to do, no match, several, or a suspicious one.
 */
export function replaceText(content: string, oldString: string, newString: string, replaceAll = false): string {
  if (oldString === newString) throw new Error("No changes to apply: oldString and newString are identical.");
  if (oldString === "") {
    throw new Error(
      "oldString cannot be empty when editing an existing file. Provide the exact text to replace, or use write for an intentional full-file replacement.",
    );
  }
  let found = false;
  for (const matcher of MATCHERS) {
    for (const span of matcher(content, oldString)) {
      const at = content.indexOf(span);
      if (at === -1) continue;
      found = true;
      if (isSuspicious(span, oldString)) {
        throw new Error(
          "Refusing replacement because the matched span is much larger than oldString. Re-read the file and provide the full exact oldString for the intended replacement.",
        );
      }
      // A blank span that is only similar stands for all indentation, or between all characters: never everywhere.
      if (replaceAll && span.trim() === "" && span !== oldString) throw new Error(AMBIGUOUS);
      // A function, because in a replacement string `$&` and its like are not literal.
      if (replaceAll) return content.replaceAll(span, () => newString);
      if (at === content.lastIndexOf(span)) return content.slice(0, at) + newString + content.slice(at + span.length);
    }
  }
  throw new Error(
    found
      ? AMBIGUOUS
      : "Could not find oldString in the file. It must match exactly, including whitespace, indentation, and line endings.",
  );
}

/** A lenient match that would replace far more than the model has shown; thresholds of the built-in. */
function isSuspicious(span: string, oldString: string): boolean {
  const wanted = oldString.split("\n").length;
  if (span.split("\n").length >= Math.max(wanted + 3, wanted * 2)) return true;
  const length = oldString.trim().length;
  return wanted > 1 && span.trim().length > Math.max(length + 500, length * 4);
}
