import { posixFiles } from "../../src/posix/files.ts";
import { posixSearch } from "../../src/posix/search.ts";
import type { RemoteHost } from "../../src/remote/host.ts";
import { type LocalShellOptions, localShell } from "./local-shell.ts";

export interface LocalHost extends RemoteHost {
  /** Scripts that were sent, for tests that count round trips or prove that none was made. */
  readonly sent: string[];
}

/** A RemoteHost that is this machine: real files and commands, no server. Its name in errors is `box`. */
export function localHost(options: LocalShellOptions & { shell?: string[] } = {}): LocalHost {
  const sent: string[] = [];
  const inner = localShell(options.shell ?? ["dash"], options);
  const shell: RemoteHost["shell"] = {
    exec(script, execOptions) {
      sent.push(script);
      return inner.exec(script, execOptions);
    },
  };
  return {
    identity: { user: "dev", host: "box", port: 22 },
    shell,
    files: posixFiles(shell, () => "box"),
    search: posixSearch(shell, () => "box"),
    state: { kind: "connected", hostKey: "SHA256:test", notices: [] },
    onState: () => () => {},
    async connect() {},
    sent,
    async [Symbol.asyncDispose]() {},
  };
}
