import { homedir, userInfo } from "node:os";
import type { Settings } from "../config/environment.ts";
import { ConfigError } from "../config/problems.ts";
import { resolveTarget } from "../config/target.ts";
import { ShellHost } from "../posix/host.ts";
import { RemoteError } from "../remote/error.ts";
import type { HostIdentity, RemoteHost } from "../remote/host.ts";
import type { Prompter } from "../remote/prompter.ts";
import { createWorkspace, type Workspace, type WorkspaceOptions } from "../workspace/workspace.ts";
import { chooseLogin } from "./choose-login.ts";
import { mirrorDirectory } from "./mirror-name.ts";

/** Everything behind the tools. Disposing ends what runs first, so that the manifest is flushed with all of it. */
export interface Remote extends AsyncDisposable {
  host: RemoteHost;
  workspace: Workspace;
}

/**
 * Puts the rooms together; connects to nothing. `prompter`: whom to ask while it connects; `commandEnv`: further variables
 * for each command.
 */
export function compose(settings: Settings, prompter: Prompter, commandEnv?: WorkspaceOptions["commandEnv"]): Remote {
  const { ssh, workdir, pool, mirrorDir, transport, shell, loginEnv, sudoPassword } = settings;
  const username = localUser();
  const identity: HostIdentity = { user: ssh.user ?? username, host: ssh.host, port: ssh.port ?? 22 };
  const host = new ShellHost({
    identity,
    open: chooseLogin({
      transport,
      commandShells: pool.commandSize,
      fileShells: pool.fileSize,
      staggerMs: pool.staggerMs,
      prompter,
      resolve: (signal) =>
        resolveTarget(settings, { env: process.env, home: homedir(), username, signal }).catch(asRemoteError),
    }),
  });
  const workspace = createWorkspace({
    host,
    workdir,
    shell,
    loginEnv,
    commandEnv,
    sudoPassword,
    mirror: (hostKey) => mirrorDirectory(mirrorDir, host.identity, hostKey, workdir ?? "~"),
  });
  return {
    host,
    workspace,
    async [Symbol.asyncDispose]() {
      await host[Symbol.asyncDispose]();
      await workspace[Symbol.asyncDispose]();
    },
  };
}

/** The local account's name. Bun's `userInfo` says "unknown" where `USER` is not set, so the environment comes first. */
const localUser = (): string => process.env.USER || process.env.LOGNAME || process.env.USERNAME || userInfo().username;

/** Settings that only show to be wrong when the target is resolved (a missing key file, say). */
function asRemoteError(cause: unknown): never {
  if (cause instanceof ConfigError) throw new RemoteError("config", cause.message, {}, { cause });
  throw cause;
}
