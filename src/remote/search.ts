import type { RemotePath } from "./path.ts";

export interface GlobQuery {
  dir: RemotePath;
  pattern: string;
  /** Results kept; `truncated` says that there are more. */
  limit: number;
  signal?: AbortSignal;
}

export interface GrepQuery extends GlobQuery {
  /** A glob that file names must match. */
  include?: string;
}

export interface GrepMatch {
  path: RemotePath;
  line: number;
  /** The matching line with its line ending, if it has one. */
  text: string;
}

/** Searches on the remote; only results travel. `.git` is left out; ignore files are honoured as far as the host allows. */
export interface RemoteSearch {
  glob(query: GlobQuery): Promise<{ paths: RemotePath[]; truncated: boolean }>;
  grep(query: GrepQuery): Promise<{ matches: GrepMatch[]; truncated: boolean }>;
}
