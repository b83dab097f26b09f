import { hostname } from "node:os";
import { shown } from "./problems.ts";

/** What the `%` tokens of ssh_config(5) stand for. */
export interface TokenValues {
  home: string;
  /** The local account. */
  localUser: string;
  /** As typed. */
  host: string;
  hostName: string;
  hostKeyAlias: string | undefined;
  port: number;
  user: string;
  env: Readonly<Record<string, string | undefined>>;
}

/** What the token `%letter` stands for; undefined when there is no such token. */
export function tokenValue(letter: string, values: TokenValues): string | undefined {
  switch (letter) {
    case "%":
      return "%";
    case "d":
      return values.home;
    case "h":
      return values.hostName;
    case "i":
      return String(process.getuid?.() ?? "");
    case "k":
      return values.hostKeyAlias ?? values.host;
    case "L":
      return hostname().split(".")[0];
    case "l":
      return hostname();
    case "n":
      return values.host;
    case "p":
      return String(values.port);
    case "r":
      return values.user;
    case "u":
      return values.localUser;
  }
}

/** A `%` and the character after it; a lone `%` at the end, too. */
const TOKEN = /%(.?)/gs;

/**
 * `text` with the tokens that `letters` names expanded; any other token is a problem, as it is for OpenSSH. `keyword` is
 * the setting that the problem names.
 */
export function expandTokens(
  text: string,
  options: { letters: string; keyword: string; values: TokenValues; problems: string[] },
): string {
  const { letters, keyword, values, problems } = options;
  return text.replace(TOKEN, (token, letter: string) => {
    const value = letter !== "" && letters.includes(letter) ? tokenValue(letter, values) : undefined;
    if (value === undefined)
      problems.push(`${keyword} holds ${shown(token)}, which ssh does not know there; write %% for a plain %.`);
    return value ?? token;
  });
}
