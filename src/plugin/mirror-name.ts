import { createHash } from "node:crypto";
import { join } from "node:path";
import type { HostIdentity } from "../remote/host.ts";

/**
 * The directory of one target's mirror. User, host, port and host key tell targets apart: a machine that was set up anew
 * under the old name never meets the old machine's files.
 */
export function mirrorDirectory(
  base: string,
  { user, host, port }: HostIdentity,
  hostKey: string,
  root: string,
): string {
  const key = createHash("sha256")
    .update(JSON.stringify([user, host, port, hostKey, root]))
    .digest("hex")
    .slice(0, 16);
  const readable = `${user}@${host}`.replace(/[^A-Za-z0-9@._-]/g, "_").slice(0, 60);
  return join(base, `${readable}-${key}`);
}
