import { randomBytes } from "node:crypto";
import type { RemoteHost } from "../remote/host.ts";
import { raceAbort } from "../util/abort.ts";
import { shellQuote } from "../util/shell-quote.ts";

/** What a login shell with all its start files sets, as it differs from the environment of a command over ssh. */
export interface LoginEnvironment {
  variables: Readonly<Record<string, string>>;
  /** Why there are none, as a sentence; told once for each connection. */
  notice?: string;
}

export interface LoginEnvironmentSource {
  /** Of the present connection. Waits while it is being captured; never rejects but with the signal's reason. */
  current(signal: AbortSignal | undefined): Promise<LoginEnvironment>;
  stop(): void;
}

/** Start files that take longer (ms) are given up: the first command waits for them. */
const captureTimeoutMs = 5_000;
/** Bytes of both environments; Linux passes no more than 2 MiB to a program, its arguments included. */
const captureBytes = 256 * 1024;
/** Bytes of one variable: with `MAX_ARG_STRLEN` (128 KiB, execve(2)) no program at all would start. */
const longestVariable = 64 * 1024;

/** Of that shell alone, of the terminal that it lacks, of the connection; or readonly in some `sh`. */
const notTaken =
  /^(?:PWD|OLDPWD|SHLVL|_|TERM|COLUMNS|LINES|TMOUT|SHELLOPTS|BASHOPTS|BASH_FUNC_.*|SSH_.*|REMOTE_CODE_CAPTURE|E?UID|E?GID|PPID)$/;

type CaptureHost = Pick<RemoteHost, "identity" | "shell" | "state" | "onState" | "connect">;

/** Captures the login environment once for each connection, as soon as it is made. */
export function loginEnvironment(host: CaptureHost): LoginEnvironmentSource {
  let capture: Promise<LoginEnvironment> | undefined;
  let told: Promise<LoginEnvironment> | undefined;
  const begin = () => {
    capture = captureFrom(host);
  };
  if (host.state.kind === "connected") begin();
  const stop = host.onState((state) => {
    if (state.kind === "connected") begin();
  });
  return {
    async current(signal) {
      if (host.state.kind !== "connected") await host.connect(signal);
      const mine = capture;
      if (!mine) return { variables: {} };
      const captured = await raceAbort(mine, signal);
      if (told === mine) return { variables: captured.variables };
      told = mine;
      return captured;
    },
    stop,
  };
}

async function captureFrom(host: CaptureHost): Promise<LoginEnvironment> {
  const mark = randomBytes(16).toString("hex");
  const name = host.identity.host;
  try {
    const { stdout, ended } = await host.shell.exec(captureScript(mark), {
      lane: "file",
      timeoutMs: captureTimeoutMs,
      keepBytes: captureBytes,
    });
    if (ended === "timed-out") return failed(name, `took longer than ${captureTimeoutMs / 1000} s`);
    const variables = parseCapture(Buffer.from(stdout).toString("utf8"), mark);
    return variables ? { variables } : failed(name, "ended or replaced the shell, or set too much");
  } catch {
    return failed(name, "could not be run");
  }
}

function failed(host: string, why: string): LoginEnvironment {
  const notice = `The login environment of ${host} is not applied (REMOTE_LOGIN_ENV): the account's start files ${why}.`;
  return { variables: {}, notice };
}

/**
 * Prints the environment as it is, and after two marks that of an interactive login shell: what installs itself in .bashrc
 * (nvm, conda) is often read by interactive shells alone, environment modules by login shells alone. The shell's own command
 * line is read alike by sh, zsh, fish and tcsh; csh takes `-l` only where it is all.
 */
export function captureScript(mark: string): string {
  const print = `env -0 2>/dev/null || awk 'BEGIN { for (name in ENVIRON) printf "%s=%s${mark}0", name, ENVIRON[name] }'`;
  const inner = `unset REMOTE_CODE_CAPTURE; printf %s ${mark}1; { ${print}; }; printf %s ${mark}1`;
  return [
    `{ ${print}; }; printf %s ${mark}1`,
    `export REMOTE_CODE_CAPTURE=${shellQuote(inner)} TERM=dumb`,
    "case $SHELL in *csh) o=-c ;; *) o='-l -i -c' ;; esac",
    `"\${SHELL:-/bin/sh}" $o 'exec /bin/sh -c "$REMOTE_CODE_CAPTURE"' </dev/null 2>/dev/null`,
  ].join("\n");
}

/** The variables of a login that are not as they were; undefined when the shell did not get to print them. */
export function parseCapture(text: string, mark: string): Record<string, string> | undefined {
  const [before, , after, end] = text.split(`${mark}1`);
  if (before === undefined || after === undefined || end === undefined) return;
  const old = variablesOf(before, mark);
  const changed = [...variablesOf(after, mark)].filter(([name, value]) => old.get(name) !== value);
  return Object.fromEntries(changed);
}

function variablesOf(text: string, mark: string): Map<string, string> {
  const variables = new Map<string, string>();
  for (const entry of text.split("\0").flatMap((part) => part.split(`${mark}0`))) {
    const [, name = "", value = ""] = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(entry) ?? [];
    if (name && !notTaken.test(name) && Buffer.byteLength(value) <= longestVariable) variables.set(name, value);
  }
  return variables;
}
