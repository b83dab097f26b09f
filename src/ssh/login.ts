import type { OpenOptions, ShellSession } from "../posix/host.ts";
import type { Prompter } from "../remote/prompter.ts";
import { connect, type Pins } from "./connect.ts";
import { Pool, type PoolOptions } from "./pool.ts";
import { remembering } from "./remember.ts";
import type { SshTarget } from "./target.ts";

export interface SshLoginOptions extends PoolOptions {
  /** The effective settings; asked for at each login, so that a changed configuration counts. */
  resolve(signal: AbortSignal): Promise<SshTarget & { warnings?: readonly string[] }>;
  prompter: Prompter;
}

/**
 * How `ShellHost` logs in over ssh2. The host keys of the first login, jump hosts included, are those of every later one: a
 * machine that shows another key is refused even if the files changed. Passphrases and passwords are asked for once.
 */
export function sshLogin(options: SshLoginOptions): (open: OpenOptions) => Promise<ShellSession> {
  const pins: Pins = new Map();
  const memory = remembering(options.prompter);
  return async ({ signal, timeoutMs }) => {
    const target = await options.resolve(signal);
    const prompter = memory.login();
    const first = await connect(target, { signal, timeoutMs, pins, prompter });
    prompter.accepted();
    const another = (stop: AbortSignal) =>
      connect(target, { signal: stop, pins, prompter: memory.login({ mayAsk: false }) });
    return new Pool(first, { ...options, notices: target.warnings ?? [], another });
  };
}
