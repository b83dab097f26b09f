import { setMaxListeners } from "node:events";
import { RemoteError } from "../../src/remote/error.ts";
import type { HostIdentity, HostState, RemoteHost } from "../../src/remote/host.ts";
import { raceAbort } from "../../src/util/abort.ts";
import { TrackedFs } from "./memory/file-system.ts";
import { memoryFiles } from "./memory/files.ts";
import { memorySearch } from "./memory/search.ts";
import { home, memoryShell } from "./memory/shell.ts";

/** A RemoteHost in memory; it passes the contract suite, so unit tests may stand on it. */
export interface MemoryHost extends RemoteHost {
  /** The machine's disk, to look at and to change behind the host's back. */
  readonly fs: TrackedFs;
  /** Cuts the link: what runs ends as `unknown`; the next call connects again. */
  drop(): void;
}

const identity: HostIdentity = { user: "user", host: "memory", port: 22 };

export function createMemoryHost(): MemoryHost {
  const fs = new TrackedFs();
  fs.mkdirSync(home, { recursive: true });
  const listeners = new Set<(state: HostState) => void>();
  let state: HostState = { kind: "idle" };
  let link: { lost: AbortController; ready: Promise<AbortSignal> } | undefined;
  let disposed = false;

  const setState = (next: HostState) => {
    state = next;
    for (const listener of listeners) listener(next);
  };
  const closed = () => new RemoteError("closed", "The connection to memory was closed; start OpenCode again.");
  const open = async (lost: AbortController): Promise<AbortSignal> => {
    setState({ kind: "connecting" });
    await Promise.resolve();
    lost.signal.throwIfAborted();
    setState({ kind: "connected", hostKey: "memory", notices: [] });
    return lost.signal;
  };
  const live = async (): Promise<AbortSignal> => {
    if (disposed) throw closed();
    if (!link) {
      const lost = new AbortController();
      setMaxListeners(0, lost.signal);
      link = { lost, ready: open(lost) };
    }
    return await link.ready;
  };

  return {
    fs,
    identity,
    shell: memoryShell(fs, live),
    files: memoryFiles(fs, live),
    search: memorySearch(fs, live),
    get state() {
      return state;
    },
    onState(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async connect(signal) {
      await raceAbort(live(), signal);
    },
    drop() {
      const reason = new RemoteError("connection_lost", "The connection to memory was lost; try again.");
      link?.lost.abort(reason);
      link = undefined;
      setState({ kind: "failed", reason: reason.message });
    },
    async [Symbol.asyncDispose]() {
      if (disposed) return;
      disposed = true;
      link?.lost.abort(closed());
      listeners.clear();
    },
  };
}
