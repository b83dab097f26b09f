import type { Hooks, Plugin } from "@opencode-ai/plugin";
import { readEnvironment } from "../config/environment.ts";
import { liftGuard } from "../config/guard.ts";
import { nobody } from "../remote/prompter.ts";
import { allTools } from "../tools/all.ts";
import { openCodeWith, outputDirectory, outputLimits } from "../tools/opencode.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { compose } from "./compose.ts";
import { publishStatus, publishTrouble, type StatusTeller } from "./publish-status.ts";
import { shellEnv } from "./shell-env.ts";
import { showNotices } from "./show-notices.ts";

type Client = Parameters<Plugin>[0]["client"];

/**
 * The server plugin. It never throws: OpenCode would go on with its local tools without a word. So the tools are registered
 * whatever is wrong, and each call says what that is. Without `REMOTE_SSH` it registers nothing.
 */
export const server: Plugin = async ({ client, directory }) => {
  try {
    return start(client, directory);
  } catch (error) {
    return explaining(client, `Remote Code could not start: ${error instanceof Error ? error.message : String(error)}`);
  }
};

function start(client: Client, directory: string): Hooks {
  const environment = readEnvironment({ ...process.env, ...takeSecrets() });
  if (environment.kind === "dormant") return {};
  if (environment.kind === "invalid") return explaining(client, environment.message);

  const ofPlugins = shellEnv(client, directory);
  const remote = compose(environment.settings, nobody, ofPlugins.variables);
  const status = publishStatus(client, remote, environment.settings.workdir);
  const stopNotices = showNotices(client, remote.host);
  // Warm-up: the first tool call finds a connection. What goes wrong here, that call meets again and tells.
  const warmUp = setTimeout(() => void remote.workspace.ready().catch(() => {}), 0);
  const common = hooks(() => remote.workspace, status);
  return {
    ...common,
    async config(config) {
      await common.config?.(config);
      ofPlugins.onPlugins(config.plugin);
    },
    "shell.env": ofPlugins.hook,
    async dispose() {
      clearTimeout(warmUp);
      status.stop();
      stopNotices();
      await remote[Symbol.asyncDispose]();
    },
  };
}

/** Tools that run nothing and say why. The guard is lifted too, else the model could not call them and would not hear it. */
function explaining(client: Client, message: string): Hooks {
  const refuse = () => {
    throw new Error(message);
  };
  return hooks(refuse, publishTrouble(client, message));
}

function hooks(workspace: () => Workspace, status: StatusTeller): Hooks {
  const opencode = openCodeWith(outputDirectory());
  return {
    tool: allTools(workspace, opencode),
    async config(config) {
      liftGuard(config);
      opencode.limits = outputLimits(config);
    },
    "tool.execute.after": ({ callID }, answer) => opencode.answers.restore(callID, answer),
    async event({ event }) {
      if (event.type === "tui.command.execute") status.onCommand(event.properties.command);
    },
  };
}

/** By name; OpenCode starts the plugin again for each directory. */
const secrets = new Map<string, string>();

/** The passwords, which leave the environment: all that OpenCode starts (MCP servers, formatters) would inherit them. */
function takeSecrets(): Record<string, string> {
  for (const name of ["REMOTE_PASSWORD", "REMOTE_SUDO_PASSWORD", "REMOTE_PASSPHRASE"]) {
    const secret = process.env[name];
    if (secret !== undefined) secrets.set(name, secret);
    delete process.env[name];
  }
  return Object.fromEntries(secrets);
}
