import { queryArguments } from "./client-arguments.ts";
import type { Parsed } from "./problems.ts";
import { askSshClient, type EffectiveSettings, type Variables } from "./ssh-client.ts";
import type { SshCommand } from "./ssh-command.ts";
import { builtInSettings, settingsWithoutClient, type WithoutClient } from "./ssh-defaults.ts";

export interface Asker {
  env: Variables;
  home: string;
  username: string;
  signal?: AbortSignal;
  /** The OpenSSH client on PATH. */
  client: string | undefined;
}

/** What the command line and the user's configuration mean: the client's answer, without a client what the files say. */
export async function effectiveSettings(command: SshCommand, asker: Asker): Promise<Parsed<WithoutClient>> {
  const { client, env, home, signal } = asker;
  if (client === undefined) return settingsWithoutClient(command, asker);
  const answer = await askSshClient(client, queryArguments(command, home), command.host, { env, signal });
  return answer.ok ? { ok: true, value: { settings: answer.value, warnings: [] } } : answer;
}

/** What OpenSSH uses when nothing is configured; that of OpenSSH 9 where the client does not tell. */
export async function withoutConfiguration({
  client,
  env,
  signal,
}: Pick<Asker, "client" | "env" | "signal">): Promise<EffectiveSettings> {
  if (client === undefined) return builtInSettings(env);
  const answer = await askSshClient(client, ["-F", "none"], "localhost", { env, signal });
  return answer.ok ? answer.value : builtInSettings(env);
}
