import type { ToolContext } from "@opencode-ai/plugin/tool";
import { isEffect, runPromise } from "effect/Effect";
import { pause } from "../util/pause.ts";

/** What a running call shows. `stop` must be called before the call answers: the answer's metadata is the last word. */
export interface LiveOutput {
  /** There may be something else to show. */
  changed(): void;
  /** No update begins any more; waits for the one that is on its way, but not for long. */
  stop(): Promise<void>;
}

/** OpenCode stores every update of a call, and people read no faster (ms). */
const pauseMs = 200;
/** OpenCode waits 250 ms for the answer of an interrupted call, so an update that hangs may take less (ms). */
const lastUpdateMs = 100;

/**
 * Shows `render()` in the block of a running call, at once and then whenever it changed, with a pause between two updates.
 * It cannot hurt the call: what goes wrong here is not shown, and nothing else.
 */
export function showLive(ctx: Pick<ToolContext, "metadata">, render: () => string): LiveOutput {
  let shown: string | undefined;
  let sending: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isStale = false;
  let isStopped = false;

  const send = () => {
    timer = undefined;
    isStale = false;
    const output = render();
    if (output === shown) return;
    shown = output;
    sending = update(ctx, output).then(rest);
  };
  const rest = () => {
    sending = undefined;
    if (isStopped) return;
    timer = setTimeout(() => {
      timer = undefined;
      if (isStale) send();
    }, pauseMs);
  };

  send();
  return {
    changed() {
      isStale = true;
      // What arrives in one turn is shown together.
      if (!isStopped && !timer && !sending) timer = setTimeout(send, 0);
    },
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      const enough = new AbortController();
      const limit = pause(lastUpdateMs, enough.signal).catch(() => {});
      if (sending) await Promise.race([sending, limit]);
      enough.abort();
    },
  };
}

/**
 * The types promise a function that acts; OpenCode 1.18 hands its plugins an Effect that nobody has run yet. Either works
 * here, and so does a promise. OpenCode itself drops an update of a call that has ended.
 */
async function update(ctx: Pick<ToolContext, "metadata">, output: string): Promise<void> {
  try {
    const done: unknown = ctx.metadata({ metadata: { output } });
    if (isEffect(done)) await runPromise(done as Runnable);
    else await done;
  } catch {
    // Nobody misses a frame of a live view.
  }
}

/** OpenCode's Effect brings its services with it. */
type Runnable = Parameters<typeof runPromise<unknown, unknown>>[0];
