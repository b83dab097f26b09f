import { access } from "node:fs/promises";
import type { Variables } from "./ssh-client.ts";

/**
 * True when there seems to be a Kerberos ticket: the variable that names its cache, or MIT's default file. Many systems allow
 * Kerberos logins for every host, so without this each refused login would be tried again for nothing.
 */
export async function hasTicket(env: Variables): Promise<boolean> {
  if (env.KRB5CCNAME) return true;
  const file = `/tmp/krb5cc_${process.getuid?.() ?? ""}`;
  return await access(file).then(
    () => true,
    () => false,
  );
}
