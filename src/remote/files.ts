import type { RemotePath } from "./path.ts";

export type FileType = "file" | "directory" | "other";

export interface RemoteStat {
  type: FileType;
  /** Bytes. */
  size: number;
  /** Permission bits with setuid, setgid and sticky (0–07777). */
  mode: number;
  /** Seconds since the epoch; what the remote's own clock says. */
  mtime: number;
  links: number;
  /**
   * Opaque: equal only while the file is the same inode, size and change time, to the resolution that the host reports.
   * Different tokens do not prove different content.
   */
  token: string;
}

export interface RemoteEntry {
  name: string;
  type: FileType | "link";
  /** A directory, or a link that leads to one. */
  directory: boolean;
}

/** The content of a remote file as one side last saw it: what a commit compares with before it touches anything. */
export interface Baseline {
  size: number;
  /** Lower-case hex. */
  sha256: string;
  /** CRC of POSIX cksum(1), for hosts that have no better tool. */
  cksum: number;
  token: string;
}

export type ReadResult =
  | { kind: "absent" }
  | { kind: "directory"; path: RemotePath; entries: RemoteEntry[] }
  /** The token equals the one the caller gave: no content travelled. */
  | { kind: "unchanged"; stat: RemoteStat; realPath: RemotePath }
  | { kind: "file"; stat: RemoteStat; realPath: RemotePath; content: Uint8Array };

/**
 * One file of a commit. `baseline: "absent"` creates, never clobbers; `createParents` then makes missing directories.
 * A symlink is written through: the link stays, its target changes. A delete removes the name itself.
 */
export type Change =
  | { kind: "write"; path: RemotePath; content: Uint8Array; baseline: Baseline | "absent"; createParents?: boolean }
  | { kind: "delete"; path: RemotePath; baseline: Baseline };

export interface Committed {
  path: RemotePath;
  /** The file as it stands after the commit; undefined after a delete. */
  baseline: Baseline | undefined;
}

export interface CallOptions {
  signal?: AbortSignal;
}

/**
 * Files of the remote. Every call may run concurrently with any other, may be aborted, and rejects with `RemoteError`.
 * Expected absence is a value. Paths are followed through symlinks unless said otherwise.
 */
export interface RemoteFiles {
  stat(path: RemotePath, options?: CallOptions): Promise<RemoteStat | undefined>;
  /**
   * Stat and content, or entries, in one answer. The content is a snapshot: the file did not change while it was read.
   * Refuses what is no regular file or directory (`not_regular`) and files above `maxBytes` (`too_large`).
   */
  read(path: RemotePath, options: CallOptions & { known?: string; maxBytes: number }): Promise<ReadResult>;
  list(path: RemotePath, options?: CallOptions): Promise<RemoteEntry[]>;
  /** Symlinks resolved; undefined when the path does not exist. */
  realpath(path: RemotePath, options?: CallOptions): Promise<RemotePath | undefined>;
  /**
   * All of one tool call's changes: every baseline is checked before the first file is touched, each file is replaced by
   * rename of a verified temporary beside it, and a later failure puts the earlier ones back. `conflict` means that
   * nothing was changed.
   */
  commit(changes: readonly Change[], options?: CallOptions): Promise<Committed[]>;
}
