/** Lists of names as OpenSSH spells them; each only where the user changed it. Names that we lack are left out. */
export interface AlgorithmNames {
  kex?: string[];
  ciphers?: string[];
  macs?: string[];
  hostKey?: string[];
  /** Signature algorithms for user keys (PubkeyAcceptedAlgorithms). */
  pubkeyAccepted?: string[];
}

/** Names of RFC 4252 and RFC 4256. */
export type AuthMethod = "publickey" | "keyboard-interactive" | "password";

/** One machine and all that is needed to log in to it; what the user's ssh configuration means, in plain values. */
export interface SshTarget {
  /** As the user typed it; what errors call the machine. */
  host: string;
  /** Name or address to connect to; known_hosts is searched for it, in lower case, unless there is a `hostKeyAlias`. */
  hostName: string;
  port: number;
  user: string;
  /** Connect over IPv4 or IPv6 only. */
  addressFamily?: 4 | 6;
  /** Local address to connect from. */
  bindAddress?: string;
  /**
   * A shell command, tokens expanded, whose stdin and stdout carry the connection instead of TCP. Run by the user's shell
   * as OpenSSH does (`exec` in front of it).
   */
  proxyCommand?: string;
  /** Absolute paths of existing files. One that ends in `.pub` names a key whose private half only the agent holds. */
  identityFiles: string[];
  /** Offer only those keys of the agent that `identityFiles` name. */
  identitiesOnly: boolean;
  /** Socket or pipe of the ssh-agent. */
  agent?: string;
  /** Let the remote use the agent (`-A`): whoever is root there can, too. */
  forwardAgent: boolean;
  /** Ways to log in, in the order in which they are tried. */
  authentications: AuthMethod[];
  /** How often a password, a passphrase or a set of the server's questions is asked for. */
  passwordPrompts: number;
  password?: string;
  /** For the encrypted ones among `identityFiles`. */
  passphrase?: string;
  /** Absolute paths, which may not exist. A host key that is accepted for the first time is written to the first one. */
  knownHostsFiles: string[];
  /** No file is the user's own (UserKnownHostsFile none): as with ssh, a key that is not known is refused in every mode. */
  knownHostsReadOnly?: boolean;
  hostKeyAlias?: string;
  strictHostKeyChecking: "yes" | "ask" | "accept-new" | "no";
  /** Write names in known_hosts as hashes. */
  hashKnownHosts: boolean;
  /** Milliseconds from the look-up of the name to the accepted login. For each machine on the way its own. */
  connectTimeoutMs: number;
  /** Attempts to reach the machine, one second apart, before the first connection is given up; at least 1. */
  connectionAttempts: number;
  serverAliveIntervalMs: number;
  /** Unanswered keepalives after which the link counts as dead. */
  serverAliveCountMax: number;
  algorithms?: AlgorithmNames;
  compression: boolean;
  /** Variables offered with each session (SetEnv, SendEnv); the server takes those that its AcceptEnv names. */
  environment: Record<string, string>;
  /** The whole chain in the order of connecting, nearest first; a hop's own `jumps` are not looked at. */
  jumps: SshTarget[];
}

/** Whose password it is: the name as typed may stand for a jump host and for the target behind it. */
export const accountOf = ({ user, hostName, port }: Pick<SshTarget, "user" | "hostName" | "port">): string =>
  `${user}@${hostName} port ${port}`;

/** The machine as errors name it. */
export const hostAndPort = ({ host, port }: Pick<SshTarget, "host" | "port">): string => `${host} port ${port}`;
