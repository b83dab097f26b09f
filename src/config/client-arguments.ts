import { resolve } from "node:path";
import { expandHome } from "./paths.ts";
import type { EffectiveSettings } from "./ssh-client.ts";
import type { SshCommand } from "./ssh-command.ts";

/** Words for the system's ssh that mean what was typed, without the keys, the agent and the host. */
export function queryArguments(command: SshCommand, home: string): string[] {
  const { configFile, user, port, jump, options } = command;
  const args: string[] = [];
  if (configFile !== undefined) {
    args.push("-F", configFile.toLowerCase() === "none" ? "none" : resolve(expandHome(configFile, home)));
  }
  if (port !== undefined) args.push("-p", String(port));
  if (user !== undefined) args.push("-l", user);
  if (jump !== undefined) args.push("-J", jump);
  return [...args, ...options.flatMap(([key, value]) => ["-o", `${key}=${value}`])];
}

/** What keeps a connection from carrying our commands; each is said only to a client that knows the keyword. */
const UNDONE: readonly (readonly [key: string, harmless: string, option: string])[] = [
  ["forkafterauthentication", "no", "ForkAfterAuthentication=no"],
  ["sessiontype", "default", "SessionType=default"],
  ["stdinnull", "no", "StdinNull=no"],
];

/**
 * Words for the system's ssh that mean this target and nothing else: keys by absolute path, the agent forwarded only where
 * that was typed, no terminal, no X11 and no forwardings, the host last. `settings` is what the client answered.
 */
export function clientArguments(
  command: SshCommand,
  options: { home: string; identityFiles: readonly string[]; settings: EffectiveSettings },
): string[] {
  const { home, identityFiles, settings } = options;
  const undone = UNDONE.filter(([key, harmless]) => (settings.get(key)?.[0] ?? harmless) !== harmless);
  return [
    ...queryArguments(command, home),
    // ssh expands tokens in the names once more.
    ...identityFiles.flatMap((file) => ["-i", file.replaceAll("%", "%%")]),
    command.forwardAgent ? "-A" : "-a",
    "-T",
    "-x",
    ...["ClearAllForwardings=yes", ...undone.map(([, , option]) => option)].flatMap((option) => ["-o", option]),
    "--",
    command.host,
  ];
}
