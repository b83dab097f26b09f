import { RemoteError } from "../remote/error.ts";
import type { Change } from "../remote/files.ts";
import type { HostIdentity, RemoteHost } from "../remote/host.ts";
import { isInside, type RemotePath, relative, remotePath } from "../remote/path.ts";
import type { RemoteSearch } from "../remote/search.ts";
import type { ExecResult } from "../remote/shell.ts";
import { openSyncEngine, type Pulled, type SyncEngine } from "../sync/engine.ts";
import { keyedLocks } from "../sync/locks.ts";
import { raceAbort } from "../util/abort.ts";
import { type CommandOptions, runCommand } from "./command.ts";
import { loginEnvironment } from "./login-environment.ts";
import { findPlace, type Place } from "./place.ts";
import { sudoOn } from "./sudo.ts";

/** A remote path under lock, as the remote had it when it was opened. Disposing frees the lock; it never writes. */
export interface WorkspaceFile extends AsyncDisposable {
  readonly path: RemotePath;
  readonly pulled: Pulled;
  /** The regular file's bytes; undefined when it does not exist. @throws RemoteError for directories */
  content(): Buffer | undefined;
  /** The change that would make it `content`, against what was opened. */
  write(content: Uint8Array): Change;
  /** The change that would delete it. */
  remove(): Change;
}

/** What a tool sees of the remote. */
export interface Workspace extends AsyncDisposable {
  readonly identity: HostIdentity;
  /** Connects if need be and looks whether the working directory is there. */
  ready(signal?: AbortSignal): Promise<Place>;
  /** A tool's path argument: absolute, or relative to the workspace root. */
  resolve(argument: string, signal?: AbortSignal): Promise<RemotePath>;
  /** The path as OpenCode shows it: relative to the root. */
  display(path: RemotePath): string;
  isInside(path: RemotePath): boolean;
  /** Locks the path and pulls what the remote has. */
  open(path: RemotePath, signal?: AbortSignal): Promise<WorkspaceFile>;
  /** Writes and deletes of one tool call, all or nothing. The files must be open. */
  save(changes: readonly Change[], signal?: AbortSignal): Promise<void>;
  /** A command line of the model's, in the account's own bash where there is one. */
  command(command: string, options: CommandOptions): Promise<ExecResult>;
  readonly search: RemoteSearch;
}

export interface WorkspaceOptions {
  host: RemoteHost;
  /** Absolute; the account's home when absent. */
  workdir?: string;
  /** The directory of this target's mirror, known once its host key is. */
  mirror(hostKey: string): string;
  /** The shell of `command`, a name or an absolute path; default: bash where the host has it, else sh. */
  shell?: string;
  /** Whether `command` gets what the account's login shell sets. */
  loginEnv?: boolean;
  /** What a sudo of `command` gets when it asks for a password. */
  sudoPassword?: string;
  /** Further variables for each command, asked for when it starts. Must not reject. */
  commandEnv?(signal: AbortSignal | undefined): Promise<Readonly<Record<string, string>>>;
}

export function createWorkspace(options: WorkspaceOptions): Workspace {
  const { host, workdir, mirror, commandEnv } = options;
  const login = options.loginEnv ? loginEnvironment(host) : undefined;
  const sudo = sudoOn({ host: () => host.identity.host, password: options.sudoPassword });
  const locks = keyedLocks();
  let settled: { place: Place; engine: SyncEngine } | undefined;
  let settling: Promise<{ place: Place; engine: SyncEngine }> | undefined;

  const settle = async (signal?: AbortSignal) => {
    signal?.throwIfAborted();
    if (settled) return settled;
    settling ??= start().finally(() => {
      settling = undefined;
    });
    // Others may wait for the same connection: a caller that gives up does not take it from them.
    return await raceAbort(settling, signal);
  };
  const start = async () => {
    const place = await findPlace(host, workdir);
    if (host.state.kind !== "connected") {
      // Without its key the mirror could be another machine's.
      const { host: name } = host.identity;
      throw new RemoteError("connection_lost", `The connection to ${name} was lost; try again.`, { host: name });
    }
    const directory = mirror(host.state.hostKey);
    const engine = await openSyncEngine({ files: host.files, mirror: directory, root: place.root });
    settled = { place, engine };
    return settled;
  };
  const root = (): RemotePath => {
    if (!settled) throw new RemoteError("protocol", "The workspace is not connected yet; try again.");
    return settled.place.root;
  };

  return {
    get identity() {
      return host.identity;
    },
    search: host.search,
    async ready(signal) {
      return (await settle(signal)).place;
    },
    async resolve(argument, signal) {
      const { place } = await settle(signal);
      return remotePath(argument, place.root);
    },
    display: (path) => relative(root(), path),
    isInside: (path) => isInside(root(), path),
    async open(path, signal) {
      const { engine } = await settle(signal);
      const unlock = await locks.lock(path, signal);
      try {
        return workspaceFile(host.identity.host, path, await engine.pull(path, signal), unlock);
      } catch (error) {
        unlock();
        throw error;
      }
    },
    async save(changes, signal) {
      const { engine } = await settle(signal);
      await engine.commit(changes, signal);
    },
    async command(command, wanted) {
      const { signal, onOutput } = wanted;
      const { place } = await settle(signal);
      const [ofLogin, further] = await Promise.all([login?.current(signal), commandEnv?.(signal)]);
      if (ofLogin?.notice) onOutput(Buffer.from(`${ofLogin.notice}\n`, "utf8"));
      const env = { ...ofLogin?.variables, ...wanted.env, ...further };
      const shell = { host: host.identity.host, program: options.shell };
      const served = sudo.serve(command, options.shell, host.shell) ?? { command, shell: host.shell };
      return await runCommand(served.shell, served.command, { cwd: place.root, ...wanted, env, in: shell });
    },
    async [Symbol.asyncDispose]() {
      login?.stop();
      await settled?.engine.flush();
    },
  };
}

function workspaceFile(host: string, path: RemotePath, pulled: Pulled, unlock: () => void): WorkspaceFile {
  return {
    path,
    pulled,
    content() {
      if (pulled.kind === "absent") return;
      if (pulled.kind === "file") return pulled.content;
      throw new RemoteError("is_a_directory", `${path} on ${host} is a directory, not a file.`, { host, path });
    },
    write(content) {
      const baseline = pulled.kind === "file" ? pulled.baseline : "absent";
      return { kind: "write", path, content, baseline, createParents: true };
    },
    remove() {
      if (pulled.kind === "file") return { kind: "delete", path, baseline: pulled.baseline };
      throw new RemoteError("not_found", `${path} on ${host} is not a file that could be deleted.`, { host, path });
    },
    async [Symbol.asyncDispose]() {
      unlock();
    },
  };
}
