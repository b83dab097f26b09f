import type { PluginInput } from "@opencode-ai/plugin";
import type { HostState } from "../remote/host.ts";
import { encodeStatus, isStatusQuestion, type Status } from "../status/status.ts";
import { sanitise } from "../text/sanitise.ts";
import type { Remote } from "./compose.ts";

type Client = PluginInput["client"];

export interface StatusTeller {
  /** Answers the TUI plugin's question. */
  onCommand(command: string): void;
  stop(): void;
}

function send(client: Client, status: Status): void {
  const body = { type: "tui.command.execute" as const, properties: { command: encodeStatus(status) } };
  // Without a TUI nobody listens; the tools do not depend on it.
  void client.tui.publish({ body }).catch(() => {});
}

/**
 * Tells the TUI plugin the state of the remote: at every change, and whenever it asks. A connection whose working directory
 * cannot be used counts as failed: no tool would work.
 */
export function publishStatus(client: Client, { host, workspace }: Remote, workdir: string | undefined): StatusTeller {
  let path = workdir ?? "~";
  let state: HostState = host.state;
  const tell = (next: HostState) => {
    state = next;
    const { user, host: name, port } = host.identity;
    send(client, {
      machine: sanitise(`${user}@${name}${port === 22 ? "" : `:${port}`}`),
      path: sanitise(path),
      state: state.kind,
      reason: state.kind === "failed" ? sanitise(state.reason) : undefined,
    });
  };
  const off = host.onState((next) => {
    tell(next);
    if (next.kind !== "connected") return;
    void workspace.ready().then(
      (place) => {
        path = place.root;
        tell(host.state);
      },
      (error: unknown) => {
        // A lost link has a state, and a reason, of its own.
        if (host.state === next)
          tell({ kind: "failed", reason: error instanceof Error ? error.message : String(error) });
      },
    );
  });
  return {
    onCommand(command) {
      if (isStatusQuestion(command)) tell(state);
    },
    stop() {
      off();
      tell({ kind: "idle" });
    },
  };
}

/** The same for a plugin that cannot work at all. */
export function publishTrouble(client: Client, reason: string): StatusTeller {
  return {
    onCommand(command) {
      if (isStatusQuestion(command)) send(client, { machine: "", path: "", state: "failed", reason: sanitise(reason) });
    },
    stop() {},
  };
}
