/**
 * Everything that can go wrong below the waist, by what the caller can do about it.
 *
 * - `config`: the user's settings are wrong; nothing was sent.
 * - `unresolved`, `unreachable`, `connect_timeout`: no connection; nothing was sent; trying again is safe.
 * - `host_key_unknown`, `host_key_changed`: refused before any credential was offered.
 * - `auth_failed`: the server refused every credential.
 * - `no_shared_algorithm`: client and server have no key exchange, cipher, MAC or host key type in common.
 * - `not_posix`: the account's shell did not run our script (nologin, forced command, Windows, SFTP only).
 * - `connection_lost`: the link died; nothing of this call had been sent.
 * - `outcome_unknown`: the link died after the request was sent; it may or may not have taken effect.
 * - `not_found`, `not_a_directory`, `is_a_directory`, `not_regular`, `permission_denied`, `too_large`, `no_space`,
 *   `read_only`, `already_exists`, `io`: said by the remote file system; the file is unchanged.
 * - `conflict`: the remote file is no longer the one that was read; unchanged by us.
 * - `unsupported`: this host or this build cannot do it, and says what can.
 * - `closed`: the host was disposed.
 * - `protocol`: the remote answered something that we cannot read.
 */
export type RemoteErrorCode =
  | "config"
  | "unresolved"
  | "unreachable"
  | "connect_timeout"
  | "host_key_unknown"
  | "host_key_changed"
  | "auth_failed"
  | "no_shared_algorithm"
  | "not_posix"
  | "connection_lost"
  | "outcome_unknown"
  | "not_found"
  | "not_a_directory"
  | "is_a_directory"
  | "not_regular"
  | "permission_denied"
  | "too_large"
  | "no_space"
  | "read_only"
  | "already_exists"
  | "io"
  | "conflict"
  | "unsupported"
  | "closed"
  | "protocol";

/** What the sentence is about, for callers that want more than the sentence. */
export interface RemoteErrorData {
  host?: string;
  path?: string;
  /** What this way to the machine lacks and another one may have, as a clause: "user certificates". */
  lacks?: string;
}

/**
 * The one error class below the waist. `message` is one sentence for the user and the model: what failed, on which host
 * and remote path, what to do now. It never holds a secret, a path of the local mirror or a stack.
 */
export class RemoteError extends Error {
  override readonly name = "RemoteError";
  constructor(
    readonly code: RemoteErrorCode,
    message: string,
    readonly data: RemoteErrorData = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}
