import { getEventListeners } from "node:events";
import { readdirSync, readlinkSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * What this process holds open and could leak: its sockets and pipes, as the kernel counts them, and in Node its timers and
 * handles by kind. Two of these are comparable when nothing else runs in the process.
 */
export function openResources(): Record<string, number> {
  const count: Record<string, number> = {};
  const add = (kind: string) => {
    count[kind] = (count[kind] ?? 0) + 1;
  };
  for (const fd of readdirSync("/proc/self/fd")) {
    try {
      const kind = /^(socket|pipe):/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1];
      if (kind) add(kind);
    } catch {
      // The descriptor of the listing itself.
    }
  }
  // Bun answers nothing here.
  const handles = process.getActiveResourcesInfo?.() ?? [];
  for (const kind of handles) if (kind !== "Immediate" && kind !== "FSReqCallback") add(kind);
  return count;
}

export const abortListeners = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;

declare const Bun: { gc(force: boolean): void } | undefined;

/** Frees all that nothing refers to any more, now. */
export function collectGarbage(): void {
  if (typeof Bun !== "undefined") {
    Bun.gc(true);
    return;
  }
  setFlagsFromString("--expose_gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect === "function") collect();
}
