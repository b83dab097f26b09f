import { homedir } from "node:os";
import { isAbsolute, join, normalize } from "node:path";
import * as z from "zod";
import { expandHome } from "./paths.ts";
import { listProblems, shown } from "./problems.ts";
import { parseSshCommand, type SshCommand } from "./ssh-command.ts";

/** What the user's environment asks for. Holds secrets: never logged, never put into an error. */
export interface Settings {
  ssh: SshCommand;
  /** Absolute POSIX path on the remote; absent: the account's home directory. */
  workdir?: string;
  password?: string;
  sudoPassword?: string;
  /** For the user's own encrypted key files. */
  passphrase?: string;
  /** Which program speaks SSH: ssh2, the system's ssh, or ssh2 and the other where it has to be. */
  transport: Transport;
  /** The shell that runs the model's command lines, a name or an absolute path; absent: bash or sh. */
  shell?: string;
  /** Whether the model's commands get what the account's login shell sets. */
  loginEnv: boolean;
  pool: {
    /** Shells kept ready for commands, 1–10. */
    commandSize: number;
    /** Shells kept ready for files, 1–10. */
    fileSize: number;
    /** Milliseconds between two channels opened in advance, 0–10000. */
    staggerMs: number;
  };
  /** Absolute local directory that holds the mirrors of all remotes. */
  mirrorDir: string;
}

const transports = ["auto", "ssh2", "openssh"] as const;

export type Transport = (typeof transports)[number];

export type Environment =
  /** No `REMOTE_SSH`: the plugin leaves OpenCode as it is. */
  | { kind: "dormant" }
  | { kind: "ready"; settings: Settings }
  /** `message` lists every problem. */
  | { kind: "invalid"; problems: string[]; message: string };

/** Name of the directory below the user's cache. */
const CACHE_DIRECTORY = "opencode-remote-code";

/** A variable that is unset, empty or blank counts as absent. */
const optionalText = z
  .string()
  .optional()
  .transform((text) => text?.trim() || undefined);

/** A secret is taken as it is: blanks may belong to it. */
const optionalSecret = z
  .string()
  .optional()
  .transform((text) => text || undefined);

function wholeNumber(name: string, from: number, to: number, otherwise: number) {
  return optionalText.transform((text, context) => {
    if (text === undefined) return otherwise;
    const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= from && value <= to) return value;
    const advice = `set a whole number from ${from} to ${to}, or unset it for ${otherwise}.`;
    context.addIssue({ code: "custom", message: `${name} is ${shown(text)}; ${advice}` });
    return z.NEVER;
  });
}

const sshCommand = optionalText.transform((text, context) => {
  const parsed = parseSshCommand(text ?? "");
  if (parsed.ok) return parsed.value;
  for (const problem of parsed.problems) context.addIssue({ code: "custom", message: `REMOTE_SSH: ${problem}` });
  return z.NEVER;
});

const workdir = optionalText.transform((text, context) => {
  if (text === undefined || (text.startsWith("/") && !text.includes("\0"))) return text;
  const advice = "set an absolute path that begins with /, or unset it for the account's home directory.";
  context.addIssue({ code: "custom", message: `REMOTE_WORKDIR is ${shown(text)}; ${advice}` });
  return z.NEVER;
});

const sudoPassword = optionalSecret.transform((secret, context) => {
  if (secret === undefined || !/[\r\n\0]/.test(secret)) return secret;
  const message = "REMOTE_SUDO_PASSWORD holds a line break, which sudo takes for its end; set it without.";
  context.addIssue({ code: "custom", message });
  return z.NEVER;
});

const transport = optionalText.transform((text, context) => {
  const word = text?.toLowerCase() ?? "auto";
  const known = transports.find((name) => name === word);
  if (known) return known;
  context.addIssue({
    code: "custom",
    message: `REMOTE_TRANSPORT is ${shown(word)}; set auto, ssh2 or openssh, or unset it for auto.`,
  });
  return z.NEVER;
});

const shell = optionalText.transform((text, context) => {
  if (text === undefined || /^(?:\/[^\s\p{Cc}]+|[\w.+][\w.+-]*)$/u.test(text)) return text;
  const advice =
    "set a name (zsh) or an absolute path (/usr/bin/zsh), without blanks and options, or unset it for bash or sh.";
  context.addIssue({ code: "custom", message: `REMOTE_SHELL is ${shown(text)}; ${advice}` });
  return z.NEVER;
});

const yesOrNo = (name: string) =>
  optionalText.transform((text, context) => {
    const word = text?.toLowerCase() ?? "0";
    if (["1", "true", "yes", "on"].includes(word)) return true;
    if (["0", "false", "no", "off"].includes(word)) return false;
    context.addIssue({ code: "custom", message: `${name} is ${shown(word)}; set 1 or 0, or unset it for 0.` });
    return z.NEVER;
  });

type Variables = Readonly<Record<string, string | undefined>>;

const homeOf = (env: Variables): string => env.HOME || env.USERPROFILE || homedir();

/** The XDG base directory specification says that a relative XDG_CACHE_HOME is to be ignored. */
function defaultMirror(env: Variables): string {
  const cache = env.XDG_CACHE_HOME;
  return join(cache && isAbsolute(cache) ? cache : join(homeOf(env), ".cache"), CACHE_DIRECTORY);
}

function mirror(env: Variables) {
  return optionalText.transform((text, context) => {
    if (text === undefined) return defaultMirror(env);
    const path = expandHome(text, homeOf(env));
    if (isAbsolute(path)) return normalize(path);
    const advice = "set an absolute local directory (it may begin with ~/), or unset it.";
    context.addIssue({ code: "custom", message: `REMOTE_MIRROR is ${shown(text)}; ${advice}` });
    return z.NEVER;
  });
}

const variables = (env: Variables) =>
  z.object({
    REMOTE_SSH: sshCommand,
    REMOTE_WORKDIR: workdir,
    REMOTE_PASSWORD: optionalSecret,
    REMOTE_SUDO_PASSWORD: sudoPassword,
    REMOTE_PASSPHRASE: optionalSecret,
    REMOTE_TRANSPORT: transport,
    REMOTE_SHELL: shell,
    REMOTE_LOGIN_ENV: yesOrNo("REMOTE_LOGIN_ENV"),
    REMOTE_POOL_COMMAND_SIZE: wholeNumber("REMOTE_POOL_COMMAND_SIZE", 1, 10, 3),
    REMOTE_POOL_FILE_SIZE: wholeNumber("REMOTE_POOL_FILE_SIZE", 1, 10, 2),
    REMOTE_POOL_STAGGER_MS: wholeNumber("REMOTE_POOL_STAGGER_MS", 0, 10_000, 0),
    REMOTE_MIRROR: mirror(env),
  });

/**
 * Reads the `REMOTE_*` variables, synchronously and without touching a file or the network. Each problem names its
 * variable and what to change; none holds the value of a password or passphrase.
 */
export function readEnvironment(env: Variables): Environment {
  if (!env.REMOTE_SSH?.trim()) return { kind: "dormant" };
  const read = variables(env).safeParse(env);
  if (!read.success) {
    const problems = read.error.issues.map((issue) => issue.message);
    return {
      kind: "invalid",
      problems,
      message: listProblems("Remote Code cannot start with this environment:", problems),
    };
  }
  const { data } = read;
  const settings: Settings = {
    ssh: data.REMOTE_SSH,
    workdir: data.REMOTE_WORKDIR,
    password: data.REMOTE_PASSWORD,
    sudoPassword: data.REMOTE_SUDO_PASSWORD,
    passphrase: data.REMOTE_PASSPHRASE,
    transport: data.REMOTE_TRANSPORT,
    shell: data.REMOTE_SHELL,
    loginEnv: data.REMOTE_LOGIN_ENV,
    pool: {
      commandSize: data.REMOTE_POOL_COMMAND_SIZE,
      fileSize: data.REMOTE_POOL_FILE_SIZE,
      staggerMs: data.REMOTE_POOL_STAGGER_MS,
    },
    mirrorDir: data.REMOTE_MIRROR,
  };
  return { kind: "ready", settings };
}
