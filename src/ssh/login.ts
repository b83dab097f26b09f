import type { OpenOptions, ShellSession } from "../posix/host.ts";
import type { Prompter } from "../remote/prompter.ts";
import { connect, type Pins } from "./connect.ts";
import { type PoolOptions, Session } from "./session.ts";
import type { SshTarget } from "./target.ts";

export interface SshLoginOptions extends PoolOptions {
  /** The effective settings; asked for at each login, so that a changed configuration counts. */
  resolve(signal: AbortSignal): Promise<SshTarget & { warnings?: readonly string[] }>;
  prompter: Prompter;
}

/**
 * How `ShellHost` logs in over ssh2. The host keys of the first login, jump hosts included, are those of every later one: a
 * machine that shows another key is refused even if the files changed.
 */
export function sshLogin(options: SshLoginOptions): (open: OpenOptions) => Promise<ShellSession> {
  const pins: Pins = new Map();
  return async ({ signal, timeoutMs }) => {
    const target = await options.resolve(signal);
    const { prompter } = options;
    const connection = await connect(target, { signal, timeoutMs, pins, prompter });
    const session = new Session(connection, options);
    session.warm();
    return Object.assign(session, { notices: target.warnings ?? [] });
  };
}
