import { shellQuote } from "../util/shell-quote.ts";
import { type Destination, isSshUri, parseHop, parseSshUri } from "./destination.ts";
import type { Parsed } from "./problems.ts";

/** Where the launcher's argument points to. */
export interface Location {
  /** A command line for `REMOTE_SSH`, quoted. */
  ssh: string;
  /** Absolute path on the remote; absent: the account's home directory. */
  workdir?: string;
}

function located(destination: Destination, workdir: string | undefined): Location {
  const { user, host, port } = destination;
  const words = [
    "ssh",
    ...(port === undefined ? [] : ["-p", String(port)]),
    user === undefined ? host : `${user}@${host}`,
  ];
  return { ssh: words.map(shellQuote).join(" "), ...(workdir !== undefined && { workdir }) };
}

/** Cuts `:/dir` (or any other text after the host that cannot be a port) from the argument. */
function splitDirectory(text: string): [where: string, directory: string | undefined] {
  const match = /^((?:[^/]*@)?(?:\[[^\]]*\]|[^:/[]*)(?::\d+)?):(\D.*)?$/s.exec(text);
  return match ? [match[1] ?? "", match[2]] : [text, undefined];
}

/**
 * Reads `[user@]host[:/dir]`, `[user@]host:port[:/dir]` (an IPv6 address in brackets) or `ssh://[user@]host[:port][/dir]`.
 * A lone `/` at the end of an ssh:// address is no directory.
 */
export function parseLocation(text: string): Parsed<Location> {
  const problems: string[] = [];
  if (isSshUri(text)) {
    const parsed = parseSshUri(text, problems);
    if (!parsed) return { ok: false, problems };
    return { ok: true, value: located(parsed.destination, parsed.path === "/" ? undefined : parsed.path) };
  }
  const [where, directory] = splitDirectory(text);
  const destination = parseHop(where, problems);
  if (directory !== undefined && !directory.startsWith("/")) {
    // Not repeated: with a "/" in a password typed before the host, this is a part of it.
    problems.push("What follows the host is no absolute directory; write it like host:/srv/app, or leave it out.");
  }
  if (!destination || problems.length > 0) return { ok: false, problems };
  return { ok: true, value: located(destination, directory) };
}
