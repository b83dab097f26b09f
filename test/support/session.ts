import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ScriptedModelId, type ScriptedTurn, startScriptedModel } from "../../src/launch/demo/scripted-model.ts";
import { type RunResult, runOpencode } from "./opencode.ts";
import { createOpencodeHome, type OpencodeHome } from "./opencode-home.ts";
import type { Remote } from "./remote.ts";

export const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));

export interface SessionOptions {
  turns: readonly ScriptedTurn[];
  model?: ScriptedModelId;
  /** Added to the user's global OpenCode configuration. */
  config?: object;
  /** Added to the environment of the launcher. */
  env?: Record<string, string>;
  /** `dist/cli.js`, or a copy of it. */
  cli?: string;
  extraArgs?: string[];
  /** Called before the launcher starts. */
  prepare?(home: OpencodeHome): Promise<void>;
}

export interface Session extends RunResult {
  /** Every tool result as the model saw it. */
  seen: string[];
  /** Names of the tools that the model was offered. */
  tools: string[];
  /** How often the model was asked with a conversation; 0 means that nothing was tried. */
  asked: number;
  /** Names in the session directory, OpenCode's own working directory on this machine. */
  sessionDirectory: string[];
  /** Files that the session left where the launcher was started, with their content. */
  local: Record<string, string>;
}

/** What lies in the directory where the launcher is started; a tool that acted locally would find or change it. */
export const decoys: Readonly<Record<string, string>> = { "hello.txt": "this is the local machine\n" };

/** One headless session of the real OpenCode, started by the launcher as a user would, in a home of its own. */
export async function runSession(remote: Pick<Remote, "env">, options: SessionOptions): Promise<Session> {
  await using model = await startScriptedModel(options.turns);
  await using home = await createOpencodeHome({ ...model.providerConfig(options.model), ...options.config });
  const cwd = join(home.root, "start");
  await mkdir(cwd);
  for (const [name, text] of Object.entries(decoys)) await writeFile(join(cwd, name), text);
  await options.prepare?.(home);
  const result = await runOpencode({
    home,
    cwd,
    prompt: "go on",
    env: { ...remote.env(), ...options.env },
    command: [process.env.NODE ?? "node", options.cli ?? cli, "--"],
    extraArgs: ["--auto", ...(options.extraArgs ?? [])],
    timeoutMs: 90_000,
  });
  return {
    ...result,
    seen: model.toolResults().map((each) => each.text),
    tools: model.tools(),
    asked: model.requests.length,
    sessionDirectory: await sessionFiles(home),
    local: await contents(cwd),
  };
}

async function contents(directory: string): Promise<Record<string, string>> {
  const names = await readdir(directory);
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), "utf8")));
  return Object.fromEntries(names.map((name, i) => [name, texts[i] ?? ""]));
}

/** The one session directory of this home, without what the launcher and OpenCode put there. */
async function sessionFiles(home: OpencodeHome): Promise<string[]> {
  const sessions = join(home.root, "home", ".opencode", "remote-sessions");
  const [name = ""] = await readdir(sessions);
  const own = [".git", ".opencode", "opencode.json", "tui.json"];
  return (await readdir(join(sessions, name))).filter((each) => !own.includes(each));
}
