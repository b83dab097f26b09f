/** The outcome of reading something the user typed: the value, or every problem found in it, each one sentence. */
export type Parsed<T> = { ok: true; value: T } | { ok: false; problems: string[] };

/**
 * The user's settings cannot be used. `problems` holds one sentence per thing to put right; `message` lists them all.
 * Neither ever holds the value of a password.
 */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  constructor(readonly problems: readonly string[]) {
    super(listProblems("These settings cannot be used:", problems));
  }
}

/** One message for several problems: a lone problem stands by itself, more become a list under `heading`. */
export function listProblems(heading: string, problems: readonly string[]): string {
  const [first, ...rest] = problems;
  if (first !== undefined && rest.length === 0) return first;
  return [heading, ...problems.map((problem) => `- ${problem}`)].join("\n");
}

/** Longest piece of the user's input that a sentence repeats; enough to recognise it. */
const SHOWN_CHARACTERS = 80;

/** The user's own words inside a sentence: quoted, control characters escaped, and cut when long. */
export function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text);
}
