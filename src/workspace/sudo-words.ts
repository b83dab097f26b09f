import { type Command, forEachChild, parse, type SyntaxNode, type Word } from "unbash";

/** Where a command line runs sudo. */
export interface SudoUse {
  /** Words that stand for sudo where no shell function would be found: behind `env`, or with a path. In order. */
  words: readonly { pos: number }[];
  /** Something in the line may read on from the standard input that a sudo of it has: a loop, a group, a function. */
  isShared: boolean;
  /** The line has its commands shown as they are called (`set -x`). */
  isTraced: boolean;
}

/** Programs that run the program which their arguments name, and those of their options that take the next word. */
const runners: Readonly<Record<string, string>> = {
  builtin: "",
  chronic: "",
  command: "",
  env: "uC",
  exec: "a",
  ionice: "cnp",
  nice: "n",
  nohup: "",
  setsid: "",
  stdbuf: "ioe",
  time: "fo",
  timeout: "sk",
  xargs: "aEdILnPs",
};

const sudo = /^(?:\/.*\/)?sudo$/;

/**
 * Finds sudo where a shell would run it: as the name of a command, also behind programs like `env` and `xargs`. What merely
 * holds the word (a string, a file's name, the text for another shell) is not sudo. Undefined when there is none, or when the
 * line is no valid shell.
 */
export function findSudo(line: string): SudoUse | undefined {
  const words: { pos: number }[] = [];
  let isUsed = false;
  let isShared = false;
  let isTraced = false;
  const visit = (node: SyntaxNode, isLine: boolean): void => {
    // Inside escaped backticks positions count in another text, so only a plain `sudo` can be served there.
    const isOwnText = isLine && !(node.type === "Script" && node.source !== undefined);
    if (sharing.has(node.type)) isShared = true;
    if (node.type === "Command" && tracing(node)) isTraced = true;
    const word = node.type === "Command" ? sudoWord(node) : undefined;
    if (word) {
      isUsed = true;
      const isPlain = node.type === "Command" && word === node.name && word.text === "sudo";
      if (!isPlain && isOwnText) words.push({ pos: word.pos });
    }
    forEachChild(node, (child) => visit(child, isOwnText));
  };
  try {
    const script = parse(line);
    if (script.errors?.length) return;
    visit(script, true);
  } catch (error) {
    // Thousands of nested substitutions overflow the parser's stack.
    if (error instanceof RangeError) return;
    throw error;
  }
  return isUsed ? { words: words.sort((a, b) => a.pos - b.pos), isShared, isTraced } : undefined;
}

const sharing: ReadonlySet<string> = new Set([
  "For",
  "ArithmeticFor",
  "Select",
  "While",
  "Subshell",
  "BraceGroup",
  "Function",
]);

const tracing = ({ name, args }: Command): boolean =>
  name?.value === "set" && args.some((each) => each.type === "Word" && /^-[a-z]*x|^xtrace$/i.test(each.value));

/** The word of a command that stands for sudo. */
function sudoWord(command: Command): Word | undefined {
  const words = [command.name, ...command.args.map((each) => (each.type === "Word" ? each : undefined))];
  for (let at = 0; ; ) {
    const word = words[at];
    if (!word) return;
    if (sudo.test(word.value)) return word;
    const next = runBy(words, at);
    if (next === undefined) return;
    at = next;
  }
}

/** Where the program stands that the runner at `at` runs; undefined when it is no runner. */
function runBy(words: readonly (Word | undefined)[], at: number): number | undefined {
  const runner = words[at]?.value.replace(/^\/.*\//, "") ?? "";
  const taking = Object.hasOwn(runners, runner) ? runners[runner] : undefined;
  if (taking === undefined) return;
  let next = at + 1;
  for (; next < words.length; next++) {
    const value = words[next]?.value;
    // `command -v sudo` only asks where it is.
    if (runner === "command" && value !== undefined && /^-[^-]*[vV]/.test(value)) return;
    const isAssignment = value === undefined || (runner === "env" && /^[A-Za-z_]\w*=/.test(value));
    if (isAssignment || value === "--") continue;
    if (!value.startsWith("-")) break;
    const takesNext = !value.startsWith("--") && value.length === 2 && taking.includes(value.slice(1));
    if (takesNext) next++;
  }
  // Its own first argument is the limit.
  return runner === "timeout" ? next + 1 : next;
}
