import type { RemoteFiles } from "./files.ts";
import type { RemoteSearch } from "./search.ts";
import type { RemoteShell } from "./shell.ts";

/** Who and where, for titles, errors and the key of the local mirror. Holds no secret. */
export interface HostIdentity {
  user: string;
  /** As the user typed it. */
  host: string;
  port: number;
}

export type HostState =
  | { kind: "idle" | "connecting" }
  /** `notices` are sentences for the user: what of the configuration has no effect, or which other way was taken. */
  | { kind: "connected"; hostKey: string; notices: readonly string[] }
  | { kind: "failed"; reason: string };

/**
 * The waist: a machine that can run commands and hold files. Nothing connects before the first call or `connect()`;
 * a host whose link died reconnects at the next call. Disposing settles every pending call.
 */
export interface RemoteHost extends AsyncDisposable {
  readonly identity: HostIdentity;
  readonly shell: RemoteShell;
  readonly files: RemoteFiles;
  readonly search: RemoteSearch;
  readonly state: HostState;
  /** Called after each change of `state`; returns the unsubscribe function. */
  onState(listener: (state: HostState) => void): () => void;
  /** Connects now, so that the first call finds a warm line. Rejects as the first call would. */
  connect(signal?: AbortSignal): Promise<void>;
}
