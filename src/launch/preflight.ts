import type { Settings } from "../config/environment.ts";
import { compose } from "../plugin/compose.ts";
import type { HostIdentity } from "../remote/host.ts";
import type { Prompter } from "../remote/prompter.ts";

export interface Checked {
  identity: HostIdentity;
  /** The working directory. */
  root: string;
  /** Sentences for the user: what of the ssh configuration has no effect, or which other way was taken. */
  notices: readonly string[];
}

/**
 * Connects and looks at the working directory once, as the first tool call would, so that what is wrong is said before
 * OpenCode takes the screen. Throws the sentence to show, or the signal's reason.
 */
export async function preflight(
  settings: Settings,
  { prompter, signal }: { prompter: Prompter; signal?: AbortSignal },
): Promise<Checked> {
  await using remote = compose(settings, prompter);
  let notices: readonly string[] = [];
  remote.host.onState((state) => {
    if (state.kind === "connected") notices = state.notices;
  });
  const place = await remote.workspace.ready(signal);
  return { identity: remote.workspace.identity, root: place.root, notices };
}
