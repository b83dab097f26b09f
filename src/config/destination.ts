import { isIPv6 } from "node:net";
import { shown } from "./problems.ts";

/** Where to connect, as typed. An IPv6 `host` has no brackets. */
export interface Destination {
  user?: string;
  host: string;
  /** 1–65535. */
  port?: number;
}

/** Refused by OpenSSH's own `valid_hostname` and `valid_ruser`: ssh_config may pass both on to a shell. */
const SHELL_CHARACTERS = /['"`;&<>|(){}]/;
const BLANK_OR_CONTROL = /[\s\u0000-\u001f\u007f]/;

/** Why `host` cannot be a host name or address; undefined when it can. */
export function hostProblem(host: string): string | undefined {
  if (host === "") return "The host name is empty; write the name or address of the machine.";
  if (host.startsWith("-"))
    return `The host name ${shown(host)} begins with "-"; write the name or address of the machine.`;
  if (BLANK_OR_CONTROL.test(host)) {
    return `The host name ${shown(host)} holds white space or control characters; remove them.`;
  }
  if (SHELL_CHARACTERS.test(host) || /[$\\/@]/.test(host)) {
    return `The host name ${shown(host)} holds a character that no host name has; write only the name or address.`;
  }
  if (host.includes(":") && !isIPv6(host)) {
    return `${shown(host)} is no host name; give the port with -p PORT or as ssh://user@host:port.`;
  }
}

/** Why `user` cannot be a login name; undefined when it can. A password typed after a colon is never repeated. */
export function userProblem(user: string): string | undefined {
  if (user.includes(":")) {
    return 'A login name holds no ":"; if a password follows it, remove it and set REMOTE_PASSWORD instead.';
  }
  if (user === "") return 'The login name before "@" is empty; write user@host or only the host.';
  if (user.startsWith("-")) return `The login name ${shown(user)} begins with "-"; write the name of the account.`;
  if (BLANK_OR_CONTROL.test(user)) {
    return `The login name ${shown(user)} holds white space or control characters; remove them.`;
  }
  if (SHELL_CHARACTERS.test(user) || user.endsWith("\\")) {
    return `The login name ${shown(user)} holds a character that no login name has; write the name of the account.`;
  }
}

/** A port in decimal; undefined, with a problem, when it is none. */
export function parsePort(text: string, problems: string[]): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  problems.push(`The port ${shown(text)} is not a number from 1 to 65535; write the port of the ssh server.`);
}

const withoutBrackets = (host: string): string => (/^\[.*\]$/s.test(host) ? host.slice(1, -1) : host);

function checked(user: string | undefined, host: string, port: string | undefined, problems: string[]) {
  const before = problems.length;
  const bare = withoutBrackets(host);
  const found = [user === undefined ? undefined : userProblem(user), hostProblem(bare)];
  problems.push(...found.filter((problem) => problem !== undefined));
  const number = port === undefined ? undefined : parsePort(port, problems);
  if (problems.length > before) return undefined;
  return { host: bare, ...(user !== undefined && { user }), ...(number !== undefined && { port: number }) };
}

/** The last `@` ends the login name, as in OpenSSH: names like `me@corp` have one of their own. */
function splitUser(text: string): [user: string | undefined, rest: string] {
  const at = text.lastIndexOf("@");
  return at < 0 ? [undefined, text] : [text.slice(0, at), text.slice(at + 1)];
}

/** `[user@]host`, where a colon can only belong to an IPv6 address. */
export function parseHostArgument(text: string, problems: string[]): Destination | undefined {
  const [user, host] = splitUser(text);
  return checked(user, host, undefined, problems);
}

/** `[user@]host[:port]`, an IPv6 address in brackets when a port follows, or an `ssh://` address. */
export function parseHop(text: string, problems: string[]): Destination | undefined {
  if (isSshUri(text)) return parseSshUri(text, problems)?.destination;
  const [user, rest] = splitUser(text);
  const match = /^(\[[^\]]*\]|[^:]*)(?::([^:]*))?$/s.exec(rest);
  return checked(user, match?.[1] ?? rest, match?.[2], problems);
}

export const isSshUri = (text: string): boolean => /^ssh:\/\//i.test(text);

function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** `ssh://[user@]host[:port][/path]`; `path` is decoded and begins with `/`. */
export function parseSshUri(
  text: string,
  problems: string[],
): { destination: Destination; path: string | undefined } | undefined {
  const rest = text.slice("ssh://".length);
  const slash = rest.indexOf("/");
  const [encodedUser, hostAndPort] = splitUser(slash < 0 ? rest : rest.slice(0, slash));
  const user = encodedUser === undefined ? undefined : percentDecoded(encodedUser);
  const path = slash < 0 ? "" : percentDecoded(rest.slice(slash));
  if (path === undefined || (encodedUser !== undefined && user === undefined)) {
    problems.push("The ssh:// address holds a % that begins no %XX code; write a plain % as %25.");
    return undefined;
  }
  const match = /^(\[[^\]]*\]|[^:]*)(?::([^:]*))?$/s.exec(hostAndPort);
  const port = match?.[2];
  if (port !== undefined && /\D/.test(port) && rest.includes("@", slash)) {
    // Most likely a password with a "/" in it: the part before must not be repeated as a port.
    problems.push("The ssh:// address has no number as its port; it holds no password, set REMOTE_PASSWORD instead.");
    return undefined;
  }
  const destination = checked(user, match?.[1] ?? hostAndPort, port === "" ? undefined : port, problems);
  return destination && { destination, path: path === "" ? undefined : path };
}
