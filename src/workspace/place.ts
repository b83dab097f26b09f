import { RemoteError } from "../remote/error.ts";
import type { RemoteHost } from "../remote/host.ts";
import { type RemotePath, remotePath } from "../remote/path.ts";
import { shellQuote } from "../util/shell-quote.ts";

/** Where the tools work. */
export interface Place {
  /** The workspace root as the user named it (the account's home when not named). */
  root: RemotePath;
  home: RemotePath;
}

/** Answers `home`, then `ok`, `absent`, `notdir` or `denied` for the directory in D; an empty D is the home. */
const look = `
printf '%s\\n' "$HOME"
[ -n "$D" ] || D=$HOME
if [ ! -e "$D" ]; then echo absent; elif [ ! -d "$D" ]; then echo notdir; elif cd -- "$D" 2>/dev/null; then echo ok; else echo denied; fi
`;

const complaints: Record<string, string> = {
  absent: "does not exist",
  notdir: "is not a directory",
  denied: "cannot be entered by this account",
};

/** A shell that says nothing for so long (ms) hangs; longer than the start files may take. */
const placeTimeoutMs = 20_000;

/** Looks once whether the working directory is there. @throws RemoteError that names what to change */
export async function findPlace(host: RemoteHost, workdir: string | undefined, signal?: AbortSignal): Promise<Place> {
  const script = `D=${shellQuote(workdir ?? "")}\n${look}`;
  const result = await host.shell.exec(script, { lane: "file", timeoutMs: placeTimeoutMs, signal });
  if (result.ended === "aborted") throw signal?.reason;
  const name = host.identity.host;
  if (result.ended === "timed-out") {
    const message = `The account's shell on ${name} gave no answer within ${placeTimeoutMs / 1000} s; look whether its start files wait for something.`;
    throw new RemoteError("connect_timeout", message, { host: name });
  }
  if (result.ended === "unknown") {
    throw new RemoteError("connection_lost", `The connection to ${name} was lost; try again.`, { host: name });
  }
  const [home = "", verdict = ""] = Buffer.from(result.stdout).toString("utf8").split("\n");
  if (verdict === "ok" && home.startsWith("/")) {
    return { root: remotePath(workdir ?? home), home: remotePath(home) };
  }
  const complaint = complaints[verdict];
  if (!complaint) {
    throw new RemoteError(
      "protocol",
      `The account's shell on ${name} gave no usable answer; try the connection with ssh.`,
      { host: name },
    );
  }
  const path = workdir ?? home;
  const message = `The working directory ${path} on ${name} ${complaint}; set REMOTE_WORKDIR to a directory that is there.`;
  throw new RemoteError(verdict === "notdir" ? "not_a_directory" : "not_found", message, { host: name, path });
}
