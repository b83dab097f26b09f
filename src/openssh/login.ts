import type { OpenOptions, ShellSession } from "../posix/host.ts";
import { nobody, type Prompter } from "../remote/prompter.ts";
import { raceAbort } from "../util/abort.ts";
import { clientVersion } from "./client-version.ts";
import { cannotRunClient, noClient, notOnWindows } from "./errors.ts";
import { type MasterOptions, openMaster } from "./master.ts";
import { ClientSession } from "./session.ts";
import type { ClientTarget } from "./target.ts";

export interface ClientLoginOptions {
  /** The effective settings; asked for at each login, so that a changed configuration counts. */
  resolve(signal: AbortSignal): Promise<ClientTarget>;
  prompter: Prompter;
  /** Shells parked for commands. */
  commandShells: number;
  /** Shells parked for file operations; as many sessions are kept free of commands. */
  fileShells: number;
  /** Milliseconds between two shells opened in advance. */
  staggerMs: number;
}

/**
 * How `ShellHost` logs in over the system's OpenSSH client: one client process of ours carries all sessions. The host key of
 * the first login is that of every later one; of a certificate it is the authority's. Rejects with `unsupported` where
 * there is no such client.
 */
export function clientLogin(options: ClientLoginOptions): (open: OpenOptions) => Promise<ShellSession> {
  let pinned: string | undefined;
  return async ({ signal, timeoutMs }) => {
    const resolved = await options.resolve(signal);
    if (process.platform === "win32") throw notOnWindows(resolved);
    const { client } = resolved;
    if (client === undefined) throw noClient(resolved);
    const target = { ...resolved, client };
    const version = await raceAbort(clientVersion(client), signal);
    if (version === undefined) throw cannotRunClient(target, undefined);
    const login = (how: Pick<MasterOptions, "signal" | "timeoutMs" | "prompter">) =>
      openMaster(target, { ...how, version, pinned });
    const master = await login({ signal, timeoutMs, prompter: options.prompter });
    pinned ??= master.facts.hostKey;
    const { commandShells, fileShells, staggerMs } = options;
    const another = (stop: AbortSignal) => login({ signal: stop, prompter: nobody });
    const notices = target.warnings;
    const session = new ClientSession(master, { commandShells, fileShells, staggerMs, notices, another });
    session.warm();
    return session;
  };
}
