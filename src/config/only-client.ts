import { isTrue, single } from "./interpret.ts";
import type { EffectiveSettings } from "./ssh-client.ts";

/** Keywords that only the system's ssh can follow, as the clause that names each. */
const CLAUSES: Readonly<Record<string, string>> = {
  revokedhostkeys: "RevokedHostKeys",
  knownhostscommand: "KnownHostsCommand",
  pkcs11provider: "keys on smart cards (PKCS11Provider)",
};

/**
 * What the user asks for and must not be passed over in silence, because the connection would be another one or a weaker
 * one, although only the system's ssh can do it.
 */
export function onlyClient(settings: EffectiveSettings): string[] {
  const named = Object.entries(CLAUSES).filter(([key]) => single(settings, key) !== undefined);
  const clauses = named.map(([, clause]) => clause);
  if (isTrue(single(settings, "verifyhostkeydns"))) clauses.push("VerifyHostKeyDNS");
  if (single(settings, "proxycommand") !== undefined && isTrue(single(settings, "proxyusefdpass"))) {
    clauses.push("ProxyUseFdpass");
  }
  return clauses;
}
