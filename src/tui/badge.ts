import type { Status } from "../status/status.ts";

export interface Badge {
  text: string;
  /** A colour of OpenCode's theme. */
  tone: "textMuted" | "success" | "warning" | "error";
}

const tones = { idle: "textMuted", connecting: "warning", connected: "success", failed: "error" } as const;

/** Characters of a reason that stand beside the prompt; the tools say the rest. */
const reasonLength = 60;

/**
 * The machine that the tools act on. `undefined` status: the server plugin has not spoken; once `overdue`, that means that
 * nothing remote works, and it must not look as if it did.
 */
export function badge(status: Status | undefined, overdue: boolean): Badge {
  if (!status) {
    return overdue ? { text: "✗ remote tools are not running", tone: "error" } : { text: "", tone: "textMuted" };
  }
  const { machine, path, state, reason } = status;
  const where = machine && `🌐 ${machine}:${path}`;
  const why = state === "failed" && `✗ ${shorten(reason ?? "no connection")}`;
  return { text: [where, why].filter(Boolean).join(" "), tone: tones[state] };
}

function shorten(reason: string): string {
  const line = reason.replace(/\s+/g, " ").trim();
  return line.length > reasonLength ? `${line.slice(0, reasonLength - 1)}…` : line;
}
