import { RemoteError } from "../remote/error.ts";
import type { HostIdentity } from "../remote/host.ts";
import { readyTimeoutMs } from "./ready.ts";

/** Characters of what the account says that go into the sentence. */
const saidKept = 120;

/** What to say of an account that does not run our shell; nothing was sent to it. `noise` is what it printed instead. */
export function notPosix({ user, host }: HostIdentity, noise: string, how: "ended" | "silent"): RemoteError {
  const said = noise
    .replace(/[^\x20-\x7e]+/g, " ")
    .trim()
    .slice(0, saidKept);
  const quoted = said ? ` (it says: "${said}")` : "";
  const message =
    how === "ended"
      ? `The account ${user} on ${host} does not run POSIX shell commands${quoted}; use an account with a login shell whose start files do not end it.`
      : `The account ${user} on ${host} ran no POSIX shell within ${readyTimeoutMs / 1000} s${quoted}, so nothing was sent; use an account with a login shell whose start files wait for nothing.`;
  return new RemoteError("not_posix", message, { host });
}
