import { isTrue, single } from "./interpret.ts";
import { shown } from "./problems.ts";
import type { EffectiveSettings } from "./ssh-client.ts";

export type Authentication = "publickey" | "keyboard-interactive" | "password";

/** OpenSSH's own order (ssh_config(5), PreferredAuthentications). */
const DEFAULT_ORDER = "gssapi-with-mic,hostbased,publickey,keyboard-interactive,password";

/** The keyword that allows each method. */
const SWITCHES: Readonly<Record<Authentication, string>> = {
  publickey: "pubkeyauthentication",
  "keyboard-interactive": "kbdinteractiveauthentication",
  password: "passwordauthentication",
};

const HOST_BASED = "host-based logins (HostbasedAuthentication)";
const KERBEROS = "Kerberos logins (GSSAPIAuthentication)";

const isOurs = (name: string): name is Authentication => Object.hasOwn(SWITCHES, name);
const isOff = (value: string | undefined): boolean => value !== undefined && /^(no|false)$/i.test(value);

export interface Authentications {
  /** In the order in which they are tried. */
  methods: Authentication[];
  /** Clauses for what only the system's ssh can do and must not be passed over. */
  onlyClient: string[];
  /** Clauses for what only the system's ssh can do and is needed only when all else was refused. */
  clientMayHelp: string[];
}

/**
 * The ways to log in: PreferredAuthentications without those that are switched off. `builtIn` tells what the user asked for
 * from what the client does by itself.
 */
export function authentications(
  settings: EffectiveSettings,
  builtIn: EffectiveSettings,
  problems: string[],
): Authentications {
  const order = single(settings, "preferredauthentications") ?? DEFAULT_ORDER;
  const names = [...new Set(order.split(",").map((name) => name.trim()))];
  const methods = names.filter(isOurs).filter((name) => !isOff(single(settings, SWITCHES[name])));
  const wants = (name: string, key: string): boolean => names.includes(name) && isTrue(single(settings, key));
  const asksFor = (name: string, key: string): boolean => wants(name, key) && !isTrue(single(builtIn, key));
  const result: Authentications = { methods, onlyClient: [], clientMayHelp: [] };
  if (asksFor("hostbased", "hostbasedauthentication")) result.onlyClient.push(HOST_BASED);
  if (wants("gssapi-with-mic", "gssapiauthentication")) {
    if (methods.length === 0) result.onlyClient.push(KERBEROS);
    else if (asksFor("gssapi-with-mic", "gssapiauthentication")) result.clientMayHelp.push(KERBEROS);
  }
  if (methods.length === 0 && result.onlyClient.length === 0) {
    problems.push(
      `The ssh configuration leaves no way to log in (PreferredAuthentications ${shown(order)}); allow publickey, keyboard-interactive or password.`,
    );
  }
  return result;
}
