import type { PluginInput } from "@opencode-ai/plugin";
import type { RemoteHost } from "../remote/host.ts";
import { sanitise } from "../text/sanitise.ts";

type Client = PluginInput["client"];

/** Milliseconds that a notice stays on the screen: long enough for two lines. */
const shownMs = 12_000;

/** Shows what a login has to say to the user, each sentence once. Returns the function that stops it. */
export function showNotices(client: Client, host: RemoteHost): () => void {
  const shown = new Set<string>();
  return host.onState((state) => {
    if (state.kind !== "connected") return;
    const fresh = state.notices.filter((notice) => !shown.has(notice));
    for (const notice of fresh) shown.add(notice);
    if (fresh.length === 0) return;
    const body = {
      title: "Remote Code",
      message: sanitise(fresh.join("\n")),
      variant: "warning" as const,
      duration: shownMs,
    };
    // Without a TUI nobody listens; the tools do not depend on it.
    void client.tui.showToast({ body }).catch(() => {});
  });
}
