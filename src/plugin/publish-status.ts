import type { PluginInput } from "@opencode-ai/plugin";
import type { HostState } from "../remote/host.ts";
import { encodeStatus, isStatusQuestion, type Status } from "../status/status.ts";
import type { Remote } from "./compose.ts";

/** Tells the TUI plugin the state of the remote: at every change, and whenever it asks. */
export function publishStatus(client: PluginInput["client"], { host, workspace }: Remote, workdir: string | undefined) {
  let path = workdir ?? "~";
  const tell = (state: HostState) => {
    const { user, host: name, port } = host.identity;
    const status: Status = {
      machine: `${user}@${name}${port === 22 ? "" : `:${port}`}`,
      path,
      state: state.kind,
      reason: state.kind === "failed" ? state.reason : undefined,
    };
    const body = { type: "tui.command.execute" as const, properties: { command: encodeStatus(status) } };
    // Without a TUI nobody listens; the tools do not depend on it.
    void client.tui.publish({ body }).catch(() => {});
  };
  const off = host.onState((state) => {
    tell(state);
    if (state.kind !== "connected" || workdir) return;
    void workspace.ready().then(
      (place) => {
        path = place.root;
        tell(host.state);
      },
      () => {},
    );
  });
  return {
    /** Answers the TUI plugin's question. */
    onCommand(command: string) {
      if (isStatusQuestion(command)) tell(host.state);
    },
    stop: off,
  };
}
