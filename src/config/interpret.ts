import { longestTimerMs } from "../util/pause.ts";
import { expandFile, splitFileList } from "./paths.ts";
import { shown } from "./problems.ts";
import type { EffectiveSettings } from "./ssh-client.ts";
import { expandTokens, type TokenValues } from "./tokens.ts";

export type StrictHostKeyChecking = "yes" | "ask" | "accept-new" | "no";

/** Each list only where the user changed it from OpenSSH's own; names as OpenSSH spells them, unknown ones included. */
export interface Algorithms {
  kex?: string[];
  ciphers?: string[];
  macs?: string[];
  hostKey?: string[];
  /** Signature algorithms for user keys (PubkeyAcceptedAlgorithms). */
  pubkeyAccepted?: string[];
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

/** The same for a time in seconds, in milliseconds; no longer than a timer can wait. */
export function positiveTime(settings: EffectiveSettings, key: string, otherwiseS: number, problems: string[]): number {
  return Math.min(1000 * positive(settings, key, otherwiseS, problems), longestTimerMs);
}

/** NumberOfPasswordPrompts; 0 is allowed and means that nothing is asked. */
export function passwordPrompts(settings: EffectiveSettings, problems: string[]): number {
  const isNone = /^0+$/.test(single(settings, "numberofpasswordprompts") ?? "");
  // ssh_config(5): the default is 3.
  return isNone ? 0 : positive(settings, "numberofpasswordprompts", 3, problems);
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

/** Whether the user's list is `none`: then the files that are left belong to the machine and are not written to. */
export function knownHostsReadOnly(settings: EffectiveSettings): boolean {
  const files = (settings.get("userknownhostsfile") ?? []).flatMap(splitFileList);
  return files.length > 0 && files.every((file) => file.toLowerCase() === "none");
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

export const isTrue = (value: string | undefined): boolean => value !== undefined && /^(yes|true)$/i.test(value);

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
    pubkeyAccepted: changed("pubkeyacceptedalgorithms"),
  };
}

/** ProxyCommand with its tokens expanded (sshconnect.c, `expand_proxy_command`); it stays a command for a shell. */
export function proxyCommand(settings: EffectiveSettings, values: TokenValues, problems: string[]): string | undefined {
  const command = single(settings, "proxycommand");
  return command && expandTokens(command, { letters: "%hknpr", keyword: "ProxyCommand", values, problems });
}

/** Levels of LogLevel at which ssh says nothing but fatal errors; `ssh -G` prints QUIET as SILENT. */
export const isQuiet = (settings: EffectiveSettings): boolean =>
  /^(silent|quiet|fatal)$/i.test(single(settings, "loglevel") ?? "");

const FORWARDINGS = ["localforward", "remoteforward", "dynamicforward"];

/** Sentences for what the user's configuration asks for and is not done, as far as the user would notice. */
export function withoutEffect(settings: EffectiveSettings, forwardAgent: boolean | undefined): string[] {
  const warnings: string[] = [];
  if (FORWARDINGS.some((key) => single(settings, key) !== undefined)) {
    warnings.push("Port forwardings of the ssh configuration are not made.");
  }
  const configured = single(settings, "forwardagent") ?? "no";
  if (forwardAgent === undefined && !/^(no|false)$/i.test(configured)) {
    warnings.push("ForwardAgent has no effect here: the agent is forwarded only when REMOTE_SSH holds -A.");
  }
  return warnings;
}

/** Why the settings cannot be used at all. */
export function refused(settings: EffectiveSettings): string[] {
  if (single(settings, "remotecommand") === undefined) return [];
  return [
    "RemoteCommand of the ssh configuration takes the place of every command, so nothing could be run; add -o RemoteCommand=none.",
  ];
}

/** Why the name or address, or the login name, that the configuration gives cannot be used. */
export function suspicious(names: { hostName: string; user: string }): string[] {
  const words: Readonly<Record<string, string>> = { HostName: names.hostName, User: names.user };
  return Object.entries(words)
    .filter(([, word]) => word.startsWith("-") || /[\u0000-\u001f\u007f]/.test(word))
    .map(
      ([keyword, word]) =>
        `${keyword} is ${shown(word)}, which begins with "-" or holds control characters; correct it.`,
    );
}
