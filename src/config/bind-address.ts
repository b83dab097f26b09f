import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { single } from "./interpret.ts";
import { shown } from "./problems.ts";
import type { EffectiveSettings } from "./ssh-client.ts";

export interface Bound {
  /** Local address to connect from. */
  address?: string;
  /** A clause for what only the system's ssh can do. */
  onlyClient?: string;
}

/** fe80::/10, which means nothing without its interface. */
const isLinkLocal = (address: string): boolean => /^fe[89ab]/i.test(address);

/**
 * BindAddress, or the address of BindInterface (ssh_config(5)) where it is certain without knowing the remote's address:
 * `family` is that of AddressFamily or of a numeric host name.
 */
export function boundAddress(settings: EffectiveSettings, family: 4 | 6 | undefined, problems: string[]): Bound {
  const address = single(settings, "bindaddress");
  if (address !== undefined) return isIP(address) ? { address } : { onlyClient: "a name as BindAddress" };
  const name = single(settings, "bindinterface");
  if (name === undefined) return {};
  const all = networkInterfaces()[name];
  if (all === undefined) {
    problems.push(
      `BindInterface is ${shown(name)}, which is no network interface of this machine that has an address.`,
    );
    return {};
  }
  const usable = all.filter((found) => !isLinkLocal(found.address));
  const families = new Set(usable.map((found) => found.family));
  const only = family ? `IPv${family}` : families.size === 1 ? usable[0]?.family : undefined;
  const found = usable.find((candidate) => candidate.family === only);
  return found ? { address: found.address } : { onlyClient: "BindInterface" };
}
