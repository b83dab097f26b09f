import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readEnvironment } from "../../config/environment.ts";
import { openSession } from "../open-session.ts";
import { startDemoHost } from "./host.ts";
import { narrator } from "./narrator.ts";
import { startScriptedModel } from "./scripted-model.ts";
import { prompt, turns, writeProgram } from "./story.ts";

export interface DemoOptions {
  opencode: string;
  env: NodeJS.ProcessEnv;
  /** URL of the running `cli.js`. */
  cli: string;
  /** In OpenCode's own screen instead of headless. */
  tui: boolean;
  /** Default: the running one. */
  platform?: NodeJS.Platform;
}

/** Signals that end the demo before OpenCode has the terminal; from then on OpenCode decides what they mean. */
const endings = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * The whole product on one machine: a throwaway SSH host with a failing program, a scripted model, and the real OpenCode
 * between them. Everything of it, OpenCode's own files included, lies in one temporary directory that goes at the end.
 * Returns 0 when the remote program's test passes in the end.
 */
export async function demo({ opencode, env, cli, tui, platform = process.platform }: DemoOptions): Promise<number> {
  if (platform === "win32") {
    throw new Error("The demo's throwaway host runs /bin/sh, which Windows lacks; run the demo on Linux or macOS.");
  }
  const ended = new AbortController();
  const end = (signal: NodeJS.Signals) => ended.abort(new Error(`The demo was ended by ${signal}.`));
  for (const signal of endings) process.on(signal, end);
  const root = await realpath(await mkdtemp(join(tmpdir(), "remote-code-demo-")));
  try {
    const remote = join(root, "remote");
    await writeProgram(remote);
    await using host = await startDemoHost({ dir: remote });
    await using model = await startScriptedModel(turns);
    const session = {
      ...withoutSettings(env),
      ...(await privateHome(root, model.providerConfig())),
      ...host.env(remote),
    };
    const environment = readEnvironment(session);
    if (environment.kind !== "ready") throw new Error("The demo host's own settings are not valid.");
    const story = narrator();
    const exitCode = await openSession({
      opencode,
      cli,
      home: join(root, "home"),
      env: session,
      settings: environment.settings,
      signal: ended.signal,
      args: tui ? ["--prompt", prompt] : ["run", "--format", "json", prompt],
      onStdout: tui ? undefined : story.push,
    });
    if (tui) return exitCode;
    const passed = story.end();
    return passed ? exitCode : 1;
  } finally {
    await rm(root, { recursive: true, force: true, maxRetries: 5 });
    for (const signal of endings) process.off(signal, end);
  }
}

/** What the user set for their own sessions (configuration, rules, accounts, database, hosts) is not for the demo's. */
export function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(OPENCODE|REMOTE)_/.test(name)));
}

/** A home for OpenCode that is not the user's: no account, no plugin, no session of theirs takes part. */
async function privateHome(root: string, config: object): Promise<Record<string, string>> {
  const configHome = join(root, "config");
  await mkdir(join(configHome, "opencode"), { recursive: true });
  await writeFile(join(configHome, "opencode", "opencode.json"), JSON.stringify(config));
  await mkdir(join(root, "home"));
  return {
    HOME: join(root, "home"),
    USERPROFILE: join(root, "home"),
    XDG_CONFIG_HOME: configHome,
    XDG_DATA_HOME: join(root, "data"),
    XDG_CACHE_HOME: join(root, "cache"),
    XDG_STATE_HOME: join(root, "state"),
    OPENCODE_DISABLE_AUTOUPDATE: "1",
    OPENCODE_DISABLE_MODELS_FETCH: "1",
    OPENCODE_DISABLE_DEFAULT_PLUGINS: "1",
    OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
    // OpenCode waits for an npm install in each configuration directory; the demo needs none and may have no network.
    npm_config_fetch_retries: "0",
    npm_config_offline: "true",
  };
}
