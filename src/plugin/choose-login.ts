import type { Target } from "../config/target.ts";
import { clientLogin } from "../openssh/login.ts";
import type { OpenOptions, ShellSession } from "../posix/host.ts";
import { RemoteError } from "../remote/error.ts";
import type { Prompter } from "../remote/prompter.ts";
import { sshLogin } from "../ssh/login.ts";
import type { PoolOptions } from "../ssh/pool.ts";

export interface LoginOptions extends PoolOptions {
  transport: "auto" | "ssh2" | "openssh";
  /** The effective settings; asked for at each login, so that a changed configuration counts. */
  resolve(signal: AbortSignal): Promise<Target>;
  prompter: Prompter;
}

type Open = (options: OpenOptions) => Promise<ShellSession>;

/** The two ways in, as `chooseLogin` needs them. */
export interface Ways {
  overSsh2(resolve: () => Promise<Target>): Open;
  overClient(resolve: () => Promise<Target>): Open;
}

const realWays = (options: LoginOptions): Ways => ({
  overSsh2: (resolve) => sshLogin({ ...options, resolve }),
  overClient: (resolve) => clientLogin({ ...options, resolve }),
});

/**
 * Logs in over ssh2, and over the system's OpenSSH client where the target needs what ssh2 lacks; that is said in a notice.
 * A host that was reached over the client once stays with it.
 */
export function chooseLogin(options: LoginOptions, ways: Ways = realWays(options)): Open {
  let target: Target | undefined;
  const current = async () => {
    if (!target) throw new Error("There is no target yet.");
    return target;
  };
  const overSsh2 = ways.overSsh2(current);
  const overClient = ways.overClient(current);
  /** Why the client is used; known once it was needed. */
  let reason: string | undefined;

  const withClient = async (why: string, open: OpenOptions): Promise<ShellSession> => {
    const session = await overClient(open);
    reason = why;
    const notice = `Connected with the system's ssh, because the built-in one lacks ${why}.`;
    return withNotices(session, [notice, ...session.notices]);
  };

  return async (open) => {
    const { transport } = options;
    target = await options.resolve(open.signal);
    if (transport === "openssh") return await overClient(open);
    const needed = target.onlyClient.length > 0 ? target.onlyClient.join(", ") : reason;
    if (needed !== undefined && transport === "auto" && target.client) return await withClient(needed, open);
    if (target.onlyClient.length > 0) throw onlyClient(target, transport);
    try {
      return await overSsh2(open);
    } catch (error) {
      const lacks = transport === "auto" && target.client ? lackOf(error, target) : undefined;
      if (lacks === undefined) throw error;
      return await withClient(lacks, open);
    }
  };
}

/** What ssh2 lacks that may be why this login failed; undefined when the client would fail alike. */
function lackOf(error: unknown, { clientMayHelp }: Target): string | undefined {
  if (!(error instanceof RemoteError)) return;
  if (error.data.lacks !== undefined) return error.data.lacks;
  return error.code === "auth_failed" && clientMayHelp.length > 0 ? clientMayHelp.join(", ") : undefined;
}

function onlyClient({ host, onlyClient: needs }: Target, transport: LoginOptions["transport"]): RemoteError {
  const advice =
    transport === "ssh2"
      ? "set REMOTE_TRANSPORT=auto or remove it from the ssh configuration"
      : "install an OpenSSH client on this machine or remove it from the ssh configuration";
  const message = `Cannot connect to ${host}: its ssh configuration asks for ${needs.join(", ")}, which only the system's ssh can do; ${advice}.`;
  return new RemoteError("unsupported", message, { host });
}

function withNotices(session: ShellSession, notices: readonly string[]): ShellSession {
  const { identity, hostKey, closed } = session;
  return {
    identity,
    hostKey,
    closed,
    notices,
    exec: (script, options) => session.exec(script, options),
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}
