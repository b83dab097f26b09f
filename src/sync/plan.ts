import type { ReadResult } from "../remote/files.ts";
import type { ManifestEntry } from "./manifest.ts";

/** What a mirror file holds; undefined when there is none. */
export interface MirrorContent {
  size: number;
  sha256: string;
}

/**
 * What may be told the remote as known: the baseline's token, but only while the mirror still holds exactly the baseline.
 * A mirror that somebody touched is never trusted, it is fetched again.
 */
export function planPull(baseline: ManifestEntry | undefined, mirror: MirrorContent | undefined): string | undefined {
  if (!baseline || !mirror) return;
  return mirror.size === baseline.size && mirror.sha256 === baseline.sha256 ? baseline.token : undefined;
}

export type PullAction = "use-mirror" | "store" | "forget" | "pass";

/** What to do with the remote's answer: only regular files are mirrored, and what is gone is forgotten. */
export function planStore(answer: ReadResult["kind"], baseline: ManifestEntry | undefined): PullAction {
  if (answer === "unchanged") return "use-mirror";
  if (answer === "file") return "store";
  return baseline ? "forget" : "pass";
}
