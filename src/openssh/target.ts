/** One machine as the system's ssh is told about it; that client reads the user's configuration itself. */
export interface ClientTarget {
  /** As the user typed it; what errors call the machine. */
  host: string;
  /** Name or address that the client connects to. */
  hostName: string;
  port: number;
  user: string;
  hostKeyAlias?: string;
  /** Absolute path of the OpenSSH client; absent when there is none. */
  client?: string;
  /** Words for the client that mean this target; the last two are `--` and the host. */
  clientArguments: readonly string[];
  /** A shell command that carries the connection; here only to know that somebody else may ask or fail on the way. */
  proxyCommand?: string;
  /** Machines on the way; the client connects to them itself. */
  jumps: readonly { host: string }[];
  /** The private keys that `passphrase` is for; absolute paths. */
  identityFiles: readonly string[];
  /** Let the remote use the agent (`-A`). */
  forwardAgent: boolean;
  /** How often a password is asked for. */
  passwordPrompts: number;
  password?: string;
  passphrase?: string;
  /** Milliseconds from the start to the accepted login; questions to a person do not count. */
  connectTimeoutMs: number;
  serverAliveIntervalMs: number;
  /** Unanswered keepalives after which the link counts as dead. */
  serverAliveCountMax: number;
  /** Variables offered with each session; the server takes those that its AcceptEnv names. */
  environment: Readonly<Record<string, string>>;
  /** Sentences for the user about this configuration. */
  warnings: readonly string[];
}

/** The machine as errors name it. */
export const hostAndPort = ({ host, port }: Pick<ClientTarget, "host" | "port">): string => `${host} port ${port}`;

/** True when another program or machine carries the connection: its questions and failures come through the same client. */
export const isIndirect = ({ proxyCommand, jumps }: Pick<ClientTarget, "proxyCommand" | "jumps">): boolean =>
  proxyCommand !== undefined || jumps.length > 0;
