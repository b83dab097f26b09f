/**
 * One way to find `wanted` in `content`: yields spans of the content (or strings to look for in it), best first.
 * The caller checks each for presence, size and uniqueness.
 */
export type Matcher = (content: string, wanted: string) => Iterable<string>;

/** The lines of `wanted`; the empty string behind a final newline is no line. */
export function linesOf(wanted: string): string[] {
  const lines = wanted.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** Every run of `size` consecutive lines of `content`, joined. */
export function* windows(content: string, size: number): Iterable<string> {
  const lines = content.split("\n");
  for (let first = 0; first + size <= lines.length; first++) yield lines.slice(first, first + size).join("\n");
}
