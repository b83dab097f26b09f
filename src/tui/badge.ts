import type { Status } from "../status/status.ts";

export interface Badge {
  text: string;
  /** A colour of OpenCode's theme. */
  tone: "textMuted" | "success" | "warning" | "error";
}

const tones = { idle: "textMuted", connecting: "warning", connected: "success", failed: "error" } as const;

/**
 * The machine that the tools act on. `undefined` status: the server plugin has not spoken; once `overdue`, that means that
 * nothing remote works, and it must not look as if it did.
 */
export function badge(status: Status | undefined, overdue: boolean): Badge {
  if (!status)
    return overdue ? { text: "✗ remote tools are not running", tone: "error" } : { text: "", tone: "textMuted" };
  return { text: `🌐 ${status.machine}:${status.path}`, tone: tones[status.state] };
}
