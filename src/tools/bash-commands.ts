import { type Command, type CommandArgument, forEachChild, parse, type SyntaxNode, type Word } from "unbash";
import { commandPrefix } from "./command-arity.ts";

export interface BashPermissions {
  /** Each command of the line, as written: what the `bash` permission is asked for. Empty when there is nothing to ask. */
  patterns: string[];
  /** What "always allow" would cover. */
  always: string[];
  /**
   * Literal path arguments, unquoted, relative or absolute or beginning with `~`, cut before the first glob character.
   * Where they lead decides about the `external_directory` permission.
   */
  paths: string[];
  /** Those of `paths` that must be directories, because a command enters them. */
  entered: string[];
}

/** They change only where the shell stands; the permission for the place is asked through `paths`. */
const DIRECTORY_COMMANDS: ReadonlySet<string> = new Set(["cd", "chdir", "popd", "pushd"]);

/** Commands whose arguments the built-in takes for paths. */
const PATH_COMMANDS: ReadonlySet<string> = new Set([
  ...DIRECTORY_COMMANDS,
  "rm",
  "cp",
  "mv",
  "mkdir",
  "touch",
  "chmod",
  "chown",
  "cat",
]);

/** Builtins that the built-in's grammar has as statements of their own, not as commands: they are not asked for. */
const DECLARATIONS: ReadonlySet<string> = new Set([
  "declare",
  "typeset",
  "export",
  "readonly",
  "local",
  "unset",
  "unsetenv",
  "[",
]);

/**
 * What the built-in bash tool would ask for before it runs `command`: commands in pipelines, lists, subshells, functions
 * and every kind of substitution count. A line that is no valid bash (or nested beyond reason) is asked for as a whole.
 */
export function bashPermissions(command: string): BashPermissions {
  const found = {
    patterns: new Set<string>(),
    always: new Set<string>(),
    paths: new Set<string>(),
    entered: new Set<string>(),
  };
  let valid = true;
  const visit = (node: SyntaxNode, source: string): void => {
    let text = source;
    if (node.type === "Script") {
      if (node.errors?.length) valid = false;
      // Commands inside escaped backticks stand in the unescaped text, not in the line itself.
      text = node.source ?? source;
    }
    if (node.type === "Command") collect(node, text, found);
    forEachChild(node, (child) => visit(child, text));
  };
  try {
    visit(parse(command), command);
  } catch (error) {
    // Thousands of nested substitutions overflow the parser's stack.
    if (!(error instanceof RangeError)) throw error;
    valid = false;
  }
  const places = { paths: [...found.paths], entered: [...found.entered] };
  if (!valid) return { patterns: [command.trim()], always: [command.trim()], ...places };
  return { patterns: [...found.patterns], always: [...found.always], ...places };
}

function collect(node: Command, source: string, found: { [Key in keyof BashPermissions]: Set<string> }): void {
  const name = node.name?.value;
  // Only a literal spelling is exempt from the question, as in the built-in: not `\cd` and not `"export"`.
  const spelling = node.name?.text;
  if (name !== undefined && PATH_COMMANDS.has(name)) {
    for (const argument of node.args) {
      const path = literalPath(name, argument);
      if (path === undefined) continue;
      found.paths.add(path);
      if (DIRECTORY_COMMANDS.has(name)) found.entered.add(path);
    }
  }
  const text = commandText(node, source);
  if (spelling === undefined) {
    // Assignments alone do nothing outside the shell; a redirection alone creates or empties a file.
    if (node.redirects.length === 0) return;
    found.patterns.add(text);
    found.always.add(text);
    return;
  }
  if (DIRECTORY_COMMANDS.has(spelling)) return;
  if (DECLARATIONS.has(spelling) && node.redirects.length === 0) return;
  found.patterns.add(text);
  const words = [spelling, ...node.args.filter(isPlain).map((argument) => argument.text)].map(joinLines);
  found.always.add(`${commandPrefix(words).join(" ")} *`);
}

/**
 * The command as written, with its redirections. With a here-document everything up to the end of that belongs to it,
 * also the rest of the line: a rule must be able to see what is fed to an interpreter.
 */
function commandText(node: Command, source: string): string {
  const ends = node.redirects.flatMap((redirect) =>
    redirect.type === "HereDoc" ? [redirect.body.end, redirect.closing?.end ?? 0] : [],
  );
  return source.slice(node.pos, Math.max(node.end, ...ends)).trim();
}

/** A word without the line continuations inside it. */
const joinLines = (word: string): string => word.replaceAll("\\\n", "");

/** What the built-in's grammar calls a number. */
const NUMBER = /^-?(?:0x)?\d+(?:#[\w@]+)?$/;

const EXPANSIONS: ReadonlySet<string> = new Set([
  "SimpleExpansion",
  "ParameterExpansion",
  "CommandExpansion",
  "ArithmeticExpansion",
  "ProcessSubstitution",
]);

/** Words that the built-in counts when it looks for the prefix: not numbers, and nothing that is one expansion alone. */
function isPlain(argument: CommandArgument): boolean {
  if (argument.type === "Assignment") return true;
  const [only, ...others] = argument.parts ?? [];
  if (only === undefined) return !NUMBER.test(argument.text);
  return (
    others.length > 0 || !(EXPANSIONS.has(only.type) || only.type === "AnsiCQuoted" || only.type === "LocaleString")
  );
}

function literalPath(command: string, argument: CommandArgument): string | undefined {
  if (argument.type === "Assignment") return argument.text;
  if (argument.value.startsWith("-")) return undefined;
  if (command === "chmod" && argument.value.startsWith("+")) return undefined;
  if (isDynamic(argument)) return undefined;
  const path = argument.value.replace(/[?*[].*$/s, "");
  return path === "" ? undefined : path;
}

function isDynamic(node: Word | SyntaxNode): boolean {
  if (EXPANSIONS.has(node.type)) return true;
  let dynamic = false;
  forEachChild(node, (child) => {
    dynamic ||= isDynamic(child);
  });
  return dynamic;
}
