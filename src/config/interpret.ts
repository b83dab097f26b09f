import { expandFile, splitFileList, type TokenValues } from "./paths.ts";
import { shown } from "./problems.ts";
import type { EffectiveSettings } from "./ssh-client.ts";

export type StrictHostKeyChecking = "yes" | "ask" | "accept-new" | "no";

/** Each list only where the user changed it from OpenSSH's own; names as OpenSSH spells them, unknown ones included. */
export interface Algorithms {
  kex?: string[];
  ciphers?: string[];
  macs?: string[];
  hostKey?: string[];
}

/** The value of a keyword that holds one; undefined when absent or `none`. */
export function single(settings: EffectiveSettings, key: string): string | undefined {
  const value = settings.get(key)?.[0];
  return value === undefined || value === "" || value.toLowerCase() === "none" ? undefined : value;
}

const STRICT: Readonly<Record<string, StrictHostKeyChecking>> = {
  yes: "yes",
  true: "yes",
  ask: "ask",
  "accept-new": "accept-new",
  no: "no",
  off: "no",
  false: "no",
};

/** ssh_config(5): the default is `ask`. */
export function strictHostKeyChecking(settings: EffectiveSettings, problems: string[]): StrictHostKeyChecking {
  const value = single(settings, "stricthostkeychecking") ?? "ask";
  const mode = STRICT[value.toLowerCase()];
  if (mode === undefined) {
    problems.push(`StrictHostKeyChecking is ${shown(value)}; set yes, ask, accept-new or no.`);
  }
  return mode ?? "ask";
}

/** A whole number above 0, else `otherwise`; 0 is what OpenSSH prints for "not set". */
export function positive(settings: EffectiveSettings, key: string, otherwise: number, problems: string[]): number {
  const value = single(settings, key);
  if (value === undefined) return otherwise;
  if (!/^\d{1,9}$/.test(value)) {
    problems.push(`The option ${key} is ${shown(value)}; set a whole number.`);
    return otherwise;
  }
  return Number(value) || otherwise;
}

export function addressFamily(settings: EffectiveSettings, problems: string[]): 4 | 6 | undefined {
  const value = single(settings, "addressfamily")?.toLowerCase() ?? "any";
  if (value === "inet") return 4;
  if (value === "inet6") return 6;
  if (value !== "any") problems.push(`AddressFamily is ${shown(value)}; set any, inet or inet6.`);
}

/** Absolute files of the user's, then the machine's list; a list that is `none` is empty. */
export function knownHostsFiles(settings: EffectiveSettings, values: TokenValues): string[] {
  const listed = ["userknownhostsfile", "globalknownhostsfile"].flatMap((key) => settings.get(key) ?? []);
  const files = listed.flatMap(splitFileList).filter((file) => file.toLowerCase() !== "none");
  return [...new Set(files.map((file) => expandFile(file, values)))];
}

/** Where Windows' own agent listens. */
const WINDOWS_AGENT = "\\\\.\\pipe\\openssh-ssh-agent";

/** Socket (or pipe) of the agent: IdentityAgent, else SSH_AUTH_SOCK; undefined when there is none or it is `none`. */
export function agentSocket(settings: EffectiveSettings, values: TokenValues): string | undefined {
  const configured = settings.get("identityagent")?.[0] ?? "SSH_AUTH_SOCK";
  if (configured.toLowerCase() === "none") return undefined;
  if (configured === "SSH_AUTH_SOCK") {
    return values.env.SSH_AUTH_SOCK || (process.platform === "win32" ? WINDOWS_AGENT : undefined);
  }
  const variable = /^\$(\w+)$/.exec(configured)?.[1];
  return variable === undefined ? expandFile(configured, values) : values.env[variable] || undefined;
}

const isTrue = (value: string | undefined): boolean => value !== undefined && /^(yes|true)$/i.test(value);

export const identitiesOnly = (settings: EffectiveSettings): boolean => isTrue(single(settings, "identitiesonly"));

/** The lists that differ from `builtIn`, what the same client uses without any configuration. */
export function changedAlgorithms(settings: EffectiveSettings, builtIn: EffectiveSettings): Algorithms {
  const changed = (key: string): string[] | undefined => {
    const value = single(settings, key);
    return value === undefined || value === builtIn.get(key)?.[0] ? undefined : value.split(",").filter(Boolean);
  };
  return {
    kex: changed("kexalgorithms"),
    ciphers: changed("ciphers"),
    macs: changed("macs"),
    hostKey: changed("hostkeyalgorithms"),
  };
}

/** What the user's configuration asks for and this program does not do, as far as the user would notice. */
const WITHOUT_EFFECT: Readonly<Record<string, string>> = {
  bindaddress: "BindAddress of the ssh configuration has no effect here.",
  bindinterface: "BindInterface of the ssh configuration has no effect here.",
  certificatefile: "CertificateFile has no effect here: user certificates are not supported.",
  pkcs11provider: "PKCS11Provider has no effect here: keys on smart cards work through an ssh-agent.",
  knownhostscommand: "KnownHostsCommand has no effect here: host keys are looked up in the known_hosts files only.",
  localforward: "Port forwardings of the ssh configuration are not made.",
  remoteforward: "Port forwardings of the ssh configuration are not made.",
  dynamicforward: "Port forwardings of the ssh configuration are not made.",
  setenv: "SetEnv of the ssh configuration has no effect here.",
};

export function withoutEffect(settings: EffectiveSettings): string[] {
  const found = Object.entries(WITHOUT_EFFECT).filter(([key]) => single(settings, key) !== undefined);
  return [...new Set(found.map(([, sentence]) => sentence))];
}

/** What must not be passed over in silence, because the connection would be another one or a weaker one. */
export function unsupported(settings: EffectiveSettings, options: { isHop: boolean }): string[] {
  const problems: string[] = [];
  if (single(settings, "proxycommand") !== undefined) {
    problems.push(
      "ProxyCommand is not supported yet by this version; use ProxyJump, or -o ProxyCommand=none for none.",
    );
  }
  if (!options.isHop && single(settings, "remotecommand") !== undefined) {
    problems.push("RemoteCommand is not supported yet by this version; add -o RemoteCommand=none.");
  }
  if (single(settings, "revokedhostkeys") !== undefined) {
    problems.push("RevokedHostKeys is not checked by this version; add -o RevokedHostKeys=none to connect without it.");
  }
  return problems;
}
