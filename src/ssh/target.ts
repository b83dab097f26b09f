/** Lists of names as OpenSSH spells them; each only where the user changed it. Names that we lack are left out. */
export interface AlgorithmNames {
  kex?: string[];
  ciphers?: string[];
  macs?: string[];
  hostKey?: string[];
}

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
  /** Absolute paths of existing files. One that ends in `.pub` names a key whose private half only the agent holds. */
  identityFiles: string[];
  /** Offer only those keys of the agent that `identityFiles` name. */
  identitiesOnly: boolean;
  /** Socket or pipe of the ssh-agent. */
  agent?: string;
  password?: string;
  /** Absolute paths, which may not exist. A host key that is accepted for the first time is written to the first one. */
  knownHostsFiles: string[];
  hostKeyAlias?: string;
  strictHostKeyChecking: "yes" | "ask" | "accept-new" | "no";
  /** Milliseconds from the look-up of the name to the accepted login. For each machine on the way its own. */
  connectTimeoutMs: number;
  serverAliveIntervalMs: number;
  /** Unanswered keepalives after which the link counts as dead. */
  serverAliveCountMax: number;
  algorithms?: AlgorithmNames;
  /** The whole chain in the order of connecting, nearest first; a hop's own `jumps` are not looked at. */
  jumps: SshTarget[];
}

/** The machine as errors name it. */
export const hostAndPort = ({ host, port }: Pick<SshTarget, "host" | "port">): string => `${host} port ${port}`;
