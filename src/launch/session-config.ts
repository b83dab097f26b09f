import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { guardRule } from "../config/guard.ts";

/** OpenCode's tools that would act on this machine if ours were not there. */
const guarded = ["bash", "edit", "write", "apply_patch", "read", "glob", "grep"];

const refusal =
  "Remote Code is not running in this OpenCode, so nothing was done; leave it and start it again with remote-opencode.";

/**
 * A second lock behind the permission rule, for agents that have rules of their own: tools of a configuration directory
 * replace the built-in ones, and those of a plugin replace these.
 */
const refuse = `export default {
  description: "Unavailable.",
  args: {},
  async execute() {
    throw new Error(${JSON.stringify(refusal)});
  },
};
`;

/** The same as a plugin, loaded before ours: another plugin of the user's may bring a bash of its own. */
const guardPlugin = `import refuse from "./refuse.js";
const tool = Object.fromEntries(${JSON.stringify(guarded)}.map((id) => [id, refuse]));
export default { id: "remote-code-guard", server: async () => ({ tool }) };
`;

/** OpenCode runs `!` commands by the configured shell; without this they would run on this machine. */
const refuseShell = `#!/bin/sh
echo "Commands after ! would run on this machine, not on the remote; ask the model to run it instead." >&2
exit 1
`;

/** With these OpenCode takes its plugin package for installed here and does not wait for npm; nothing here imports it. */
const dependencies = { "@opencode-ai/plugin": "*" };
const installed: Record<string, string> = {
  "package.json": json({ dependencies }),
  "package-lock.json": json({ lockfileVersion: 3, packages: { "": { dependencies } } }),
};

/** Where the two plugins' modules lie, as URLs. */
export interface Plugins {
  server: string;
  tui: string;
}

/**
 * Writes the OpenCode configuration of one session directory: it loads both plugins there and nowhere else, and lets no
 * tool touch this machine before the server plugin runs. The user's global configuration stays as it is.
 */
export async function writeSessionConfig(directory: string, plugins: Plugins): Promise<void> {
  const own = join(directory, ".opencode");
  await mkdir(join(own, "node_modules"), { recursive: true });
  const shell = process.platform === "win32" ? undefined : join(own, "refuse-local-shell");
  const config = {
    $schema: "https://opencode.ai/config.json",
    plugin: ["./.opencode/guard.js", plugins.server],
    permission: guardRule(),
    shell,
  };
  const files: Record<string, string> = {
    "opencode.json": json(config),
    "tui.json": json({ plugin: [plugins.tui] }),
    ".opencode/refuse.js": refuse,
    ".opencode/guard.js": guardPlugin,
    ...Object.fromEntries(Object.entries(installed).map(([name, text]) => [`.opencode/${name}`, text])),
    ...Object.fromEntries(
      guarded.map((id) => [`.opencode/tools/${id}.js`, 'export { default } from "../refuse.js";\n']),
    ),
  };
  for (const [name, text] of Object.entries(files)) {
    await put(join(directory, name), text);
  }
  if (shell) await put(shell, refuseShell, 0o755);
}

/**
 * Another session of the same target may be reading these files: it sees the old or the new text, never a part of one, and
 * what is right already stays untouched.
 */
async function put(path: string, text: string, mode?: number): Promise<void> {
  if ((await readFile(path, "utf8").catch(() => undefined)) === text) return;
  await mkdir(dirname(path), { recursive: true });
  await writeFileAtomic(path, text, { mode, fsync: false });
}

/**
 * The environment for OpenCode in a session directory: its configuration counts whatever the user switched off elsewhere,
 * and the guard's rule comes after the rules of `OPENCODE_PERMISSION`, which OpenCode merges last.
 * Throws a SyntaxError sentence when that variable is no JSON: OpenCode would ignore it, and the guard with it.
 */
export function sessionEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { OPENCODE_DISABLE_PROJECT_CONFIG: _, OPENCODE_PERMISSION: rules, ...rest } = env;
  return { ...rest, OPENCODE_PERMISSION: JSON.stringify({ ...parseRules(rules), ...guardRule() }) };
}

function parseRules(text = ""): object {
  if (!text.trim()) return {};
  try {
    const rules: unknown = JSON.parse(text);
    if (typeof rules === "string") return { "*": rules };
    if (typeof rules === "object" && rules !== null) return rules;
  } catch {
    // Said below.
  }
  throw new SyntaxError("OPENCODE_PERMISSION is not a JSON object of permission rules; correct or unset it.");
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
