import { type CommandNode, type PipelineNode, parse, type ScriptNode, type StatementNode } from "just-bash";

type Simple = Extract<CommandNode, { type: "SimpleCommand" }>;
type Compound = Exclude<CommandNode, { type: "SimpleCommand" | "FunctionDef" }>;

interface Redirections {
  out: Simple["redirections"];
  err: Simple["redirections"];
}

/** What acts on the shell itself; redirected it would lose its effect or its output would go astray. */
const shellsOwn = new Set(["eval", ".", "source", "exit", "return", "break", "continue", "set", "shift", "trap"]);

/**
 * just-bash answers with the output of the whole script at its end. This sends the output of each simple command to the
 * files `stdout` and `stderr` instead, as soon as that command is done. Functions and substitutions are left alone, for
 * their output is somebody's input; what only the shell itself says still comes at the end.
 */
export function redirectEachCommand(script: ScriptNode, stdout: string, stderr: string): ScriptNode {
  const to = { out: redirections(`: >>${stdout}`), err: redirections(`: 2>>${stderr}`) };
  redirectBlock(script.statements, to);
  return script;
}

function redirectBlock(statements: readonly StatementNode[], to: Redirections): void {
  for (const { pipelines } of statements) for (const each of pipelines) redirectPipeline(each, to);
}

/** Of a pipeline only the last command writes to stdout. */
function redirectPipeline({ commands, pipeStderr }: PipelineNode, to: Redirections): void {
  const [only] = commands;
  if (only && commands.length === 1) {
    commands[0] = redirectCommand(only, to);
    return;
  }
  for (const [i, each] of commands.entries()) {
    if (each.type === "FunctionDef") continue;
    if (i === commands.length - 1) each.redirections.unshift(...to.out, ...to.err);
    else if (!pipeStderr?.[i]) each.redirections.unshift(...to.err);
  }
}

function redirectCommand(node: CommandNode, to: Redirections): CommandNode {
  if (node.type === "FunctionDef") return node;
  if (node.type === "SimpleCommand") return redirectSimple(node, to);
  if (node.redirections.length) node.redirections.unshift(...to.out, ...to.err);
  else for (const block of blocksOf(node)) redirectBlock(block, to);
  return node;
}

function blocksOf(node: Compound): StatementNode[][] {
  switch (node.type) {
    case "If":
      return [...node.clauses.flatMap((each) => [each.condition, each.body]), node.elseBody ?? []];
    case "While":
    case "Until":
      return [node.condition, node.body];
    case "Case":
      return node.items.map((item) => item.body);
    default:
      return "body" in node ? [node.body] : [];
  }
}

function redirectSimple(node: Simple, to: Redirections): CommandNode {
  if (!node.name) return node;
  const [part, ...more] = node.name.parts;
  const name = part?.type === "Literal" && more.length === 0 ? part.value : "";
  if (name === "exec") return thenExit(node, to);
  if (!shellsOwn.has(name)) node.redirections.unshift(...to.out, ...to.err);
  return node;
}

/** just-bash goes on after `exec command`, so the script is made to end there. */
function thenExit(node: Simple, to: Redirections): CommandNode {
  const [name, ...args] = node.args;
  const group = parse("{ :; exit; }").statements[0]?.pipelines[0]?.commands[0];
  const first = group?.type === "Group" ? group.body[0]?.pipelines[0] : undefined;
  if (!name || !group || !first) return node;
  first.commands[0] = redirectSimple({ ...node, name, args }, to);
  return group;
}

function redirections(source: string): Simple["redirections"] {
  const node = parse(source).statements[0]?.pipelines[0]?.commands[0];
  return node?.type === "SimpleCommand" ? node.redirections : [];
}
