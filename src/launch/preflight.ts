import type { Settings } from "../config/environment.ts";
import { compose } from "../plugin/compose.ts";
import { nobody, type Prompter } from "../remote/prompter.ts";

/**
 * Connects and looks at the working directory once, as the first tool call would, so that what is wrong is said before
 * OpenCode takes the screen. Throws the sentence to show, or the signal's reason.
 */
export async function preflight(
  settings: Settings,
  { prompter = nobody, signal }: { prompter?: Prompter; signal?: AbortSignal } = {},
): Promise<{ machine: string; root: string }> {
  await using remote = compose(settings, prompter);
  const place = await remote.workspace.ready(signal);
  const { user, host } = remote.workspace.identity;
  return { machine: `${user}@${host}`, root: place.root };
}
