import type { RemotePath } from "./path.ts";

/** Which queue a call waits in, so that long commands never keep a file operation waiting. */
export type Lane = "command" | "file";

/** The standard input of a script that runs. After its end both do nothing. */
export interface LiveInput {
  write(bytes: Uint8Array): void;
  end(): void;
}

export interface ExecOptions {
  /** Directory to run in; fails with `not_found` when it cannot be entered. Default: the account's home. */
  cwd?: RemotePath;
  /** Added to the account's environment. Names must be POSIX identifiers. */
  env?: Readonly<Record<string, string>>;
  /** The script's standard input; at end of file at once when absent. */
  stdin?: Uint8Array;
  /** Keeps standard input open behind `stdin` until the script has ended; called when the script was sent, again when it is sent anew. */
  interact?(input: LiveInput): void;
  /** Milliseconds until the process group is stopped; no limit when absent. */
  timeoutMs?: number;
  /** Stops the process group and settles at once with `ended: "aborted"`; aborted before sending: rejects with its reason. */
  signal?: AbortSignal;
  /** Called with raw bytes as they arrive. Order within a stream is kept, between the two streams as far as they allow. */
  onOutput?(chunk: Uint8Array, stream: "stdout" | "stderr"): void;
  /** Bytes of each stream kept in the result (its beginning). Default 64 MiB; 0 when `onOutput` is all the caller wants. */
  keepBytes?: number;
  /** Default `command`. */
  lane?: Lane;
  /** Waits a moment for the streams to close, so that `stillOpen` can be told. Default: what comes after the end is not awaited. */
  awaitClose?: boolean;
}

/**
 * How a command ended. `unknown`: the link was lost after the command was sent; it may still run, it is never sent again.
 */
export type Ended = "exited" | "signalled" | "timed-out" | "aborted" | "unknown";

export interface ExecResult {
  stdout: Uint8Array;
  stderr: Uint8Array;
  ended: Ended;
  /** The script's exit status; undefined unless `ended` is `exited`. */
  exitCode: number | undefined;
  /** With `awaitClose`: the script has ended, but something that it started still runs and holds its output open. */
  stillOpen?: boolean;
}

/**
 * Runs POSIX `sh` scripts on the remote. A non-zero exit is a result. Calls may run concurrently. Rejects with
 * `RemoteError` when the script certainly did not run; after that point it resolves and `ended` says what is known.
 * A script may be of any length and hold any text but NUL.
 */
export interface RemoteShell {
  exec(script: string, options?: ExecOptions): Promise<ExecResult>;
}
