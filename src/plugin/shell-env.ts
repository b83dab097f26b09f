import type { Hooks } from "@opencode-ai/plugin";
import { raceAbort } from "../util/abort.ts";

/** Of OpenCode's client; `create` opens a terminal. */
interface Terminals {
  pty: { create(options: { body: { command: string; cwd: string } }): Promise<unknown> };
}
type Hook = NonNullable<Hooks["shell.env"]>;

export interface ShellEnv {
  /** Our own `shell.env` hook, by which we see what the others' set. */
  hook: Hook;
  /** `plugin` of the merged configuration, the files of plugin directories included. */
  onPlugins(plugins: readonly unknown[] | undefined): void;
  /** What the `shell.env` hooks set for a command. Rejects with the signal's reason alone. */
  variables(signal: AbortSignal | undefined): Promise<Record<string, string>>;
}

/** What a hook can only know of this machine: a PATH made from the local one would hide the remote's programs. */
const local = /^(?:PATH|HOME|USER|LOGNAME|SHELL|PWD|OLDPWD|TMPDIR|TMP|TEMP|SSH_.*)$/i;

/** No program: OpenCode asks the hooks before it looks for it, and then no terminal is opened. */
const nowhere = "/nonexistent/remote-code";

/**
 * OpenCode runs the `shell.env` hooks of all plugins for its own bash tool and for a terminal, and lets no plugin run those
 * of others. So a terminal is asked for that cannot be opened: the hooks fill one object, ours among them sees which. It
 * costs some milliseconds within this process and a line in OpenCode's log, so only where there are other plugins.
 */
export function shellEnv(client: Terminals, directory: string): ShellEnv {
  const asked = new Map<string, Record<string, string>>();
  let count = 0;
  let hasOthers = false;
  return {
    async hook({ cwd }, output) {
      // The object and not its values: plugins after this one go on filling it.
      if (asked.has(cwd)) asked.set(cwd, output.env);
    },
    onPlugins(plugins) {
      hasOthers = (plugins?.length ?? 0) > 1;
    },
    async variables(signal) {
      if (!hasOthers) return {};
      // The same directory for everybody, and for us the mark of this very call.
      const cwd = directory + "/.".repeat(1 + (count++ % 16));
      asked.set(cwd, {});
      try {
        const terminal = client.pty.create({ body: { command: nowhere, cwd } }).catch(() => undefined);
        await raceAbort(terminal, signal);
        const entries = Object.entries(asked.get(cwd) ?? {});
        return Object.fromEntries(entries.filter(([name, value]) => isTaken(name, value)));
      } finally {
        asked.delete(cwd);
      }
    },
  };
}

const isTaken = (name: string, value: unknown): boolean =>
  /^[A-Za-z_]\w*$/.test(name) && !local.test(name) && typeof value === "string" && !value.includes("\0");
