import { createHash } from "node:crypto";
import { cksum } from "../util/cksum.ts";
import type { Baseline } from "./files.ts";

/** Lower-case hex. */
export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** The baseline of content that is known byte for byte. */
export const baselineOf = (content: Uint8Array, token: string): Baseline => ({
  size: content.length,
  sha256: sha256(content),
  cksum: cksum(content),
  token,
});
