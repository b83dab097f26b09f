import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { fileURLToPath } from "node:url";
import { parseInvocation, usage } from "./arguments.ts";
import { demo } from "./demo/demo.ts";
import { findOpencode } from "./find-opencode.ts";
import { locate } from "./locate.ts";
import { openSession } from "./open-session.ts";

export interface MainOptions {
  argv: readonly string[];
  env: NodeJS.ProcessEnv;
  /** URL of the running `cli.js`; the plugins lie beside it. */
  cli: string;
}

/** A wrong invocation, as in sysexits.h (EX_USAGE); everything else that goes wrong is 1. */
const wrongUsage = 64;

/** The launcher. Returns the exit code: OpenCode's own once that ran. */
export async function main({ argv, env, cli }: MainOptions): Promise<number> {
  const invocation = parseInvocation(argv);
  try {
    if (invocation.kind === "help") return say(usage, 0);
    if (invocation.kind === "version") return say(await version(cli), 0);
    if (invocation.kind === "wrong") return complain(`${invocation.problem}\n\n${usage}`, wrongUsage);
    const opencode = await findOpencode(env, cli);
    if (!opencode) return complain("OpenCode is not installed; get it with: npm install -g opencode-ai", 1);
    if (invocation.kind === "demo") return await demo({ opencode, env, cli, tui: invocation.tui });
    const where = locate(invocation.location, env);
    if ("problem" in where) return complain(where.problem, wrongUsage);
    return await openSession({ opencode, cli, home: homedir(), args: invocation.rest, ...where });
  } catch (error) {
    return complain(error instanceof Error ? error.message : String(error), 1);
  }
}

/** The version of the package around `cli`; `unknown` when there is none. */
async function version(cli: string): Promise<string> {
  const path = fileURLToPath(new URL("../package.json", cli));
  // A `dist` that was copied alone has no manifest beside it.
  const manifest: unknown = JSON.parse(await readFile(path, "utf8").catch(() => "{}"));
  const known = typeof manifest === "object" && manifest !== null && "version" in manifest;
  return `${known ? manifest.version : "unknown"}\n`;
}

function say(text: string, code: number): number {
  process.stdout.write(text);
  return code;
}

function complain(text: string, code: number): number {
  process.stderr.write(`${text.trimEnd()}\n`);
  return code;
}
