import { afterAll, beforeAll, beforeEach, test } from "vitest";
import { baselineOf } from "../../src/remote/baseline.ts";
import type { Baseline, Change, Committed, RemoteFiles } from "../../src/remote/files.ts";
import type { RemoteHost } from "../../src/remote/host.ts";
import { type RemotePath, remotePath } from "../../src/remote/path.ts";
import type { ExecOptions, ExecResult } from "../../src/remote/shell.ts";

/** A fresh host that has not connected, and an empty directory on it that may be written. Disposing ends both. */
export interface Place extends AsyncDisposable {
  host: RemoteHost;
  root: RemotePath;
}

/**
 * What a host may lack without breaking the contract's data promises.
 * `processes`: ids, signals, process groups. `background`: `&` lets the script go on.
 * `printf-bytes`: `printf '\377'` writes that byte.
 */
export type Capability = "processes" | "background" | "printf-bytes";

export interface Fixture {
  start(): Promise<Place>;
  /** Why a capability is missing; its clauses are then shown as skipped, with the reason. */
  lacks?: Partial<Record<Capability, string>>;
}

/** A clause that only hosts with a capability can keep. */
export function clause(fixture: Fixture, needs: Capability, name: string, run: () => Promise<void>): void {
  const why = fixture.lacks?.[needs];
  test.skipIf(why !== undefined)(why === undefined ? name : `${name} [does not hold here: ${why}]`, run);
}

export const maxBytes = 16 * 1024 * 1024;

export interface Bed {
  readonly host: RemoteHost;
  /** An empty directory of this test alone. */
  readonly dir: RemotePath;
  at(name: string): RemotePath;
  /** Runs a script in the test's directory; output as text. */
  sh(script: string, options?: ExecOptions): Promise<Said>;
  /** Creates a file. */
  put(name: string, content: string | Uint8Array): Promise<Baseline>;
  /** The content of a file, which must be there. */
  content(name: string): Promise<Buffer>;
  text(name: string): Promise<string>;
  baseline(name: string): Promise<Baseline>;
  save(name: string, content: string | Uint8Array, baseline: Baseline | "absent"): Promise<Committed[]>;
  commit(...changes: Change[]): Promise<Committed[]>;
  /** Names in the test's directory, sorted. */
  names(): Promise<string[]>;
}

export interface Said {
  stdout: string;
  stderr: string;
  ended: ExecResult["ended"];
  exitCode: number | undefined;
}

export const asText = ({ stdout, stderr, ...rest }: ExecResult): Said => ({
  stdout: Buffer.from(stdout).toString("utf8"),
  stderr: Buffer.from(stderr).toString("utf8"),
  ...rest,
});

export const bytesOf = (content: string | Uint8Array): Uint8Array =>
  typeof content === "string" ? Buffer.from(content) : content;

/** One host for all tests of a `describe`, and a directory for each of them. */
export function useBed(fixture: Fixture): Bed {
  let place: Place | undefined;
  let dir: RemotePath | undefined;
  let tests = 0;
  const must = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error("The host of this suite did not start.");
    return value;
  };

  beforeAll(async () => {
    place = await fixture.start();
  });
  beforeEach(async () => {
    dir = remotePath(`t${++tests}`, must(place).root);
    await makeDirectory(must(place).host, dir);
  });
  afterAll(async () => {
    await place?.[Symbol.asyncDispose]();
  });

  const read = async (path: RemotePath, files: RemoteFiles = bed.host.files) => {
    const found = await files.read(path, { maxBytes });
    if (found.kind !== "file") throw new Error(`${path} is ${found.kind}`);
    return found;
  };
  const bed: Bed = {
    get host() {
      return must(place).host;
    },
    get dir() {
      return must(dir);
    },
    at: (name) => remotePath(name, bed.dir),
    sh: async (script, options) => asText(await bed.host.shell.exec(script, { cwd: bed.dir, ...options })),
    async put(name, content) {
      const [done] = await bed.save(name, content, "absent");
      return must(done?.baseline);
    },
    async content(name) {
      return Buffer.from((await read(bed.at(name))).content);
    },
    text: async (name) => (await bed.content(name)).toString("utf8"),
    async baseline(name) {
      const { content, stat } = await read(bed.at(name));
      return baselineOf(content, stat.token);
    },
    save: (name, content, baseline) =>
      bed.commit({ kind: "write", path: bed.at(name), content: bytesOf(content), baseline, createParents: true }),
    commit: (...changes) => bed.host.files.commit(changes),
    names: async () => (await bed.host.files.list(bed.dir)).map((entry) => entry.name).sort(),
  };
  return bed;
}

export async function makeDirectory(host: RemoteHost, dir: RemotePath): Promise<void> {
  const result = await host.shell.exec('mkdir -- "$D"', { env: { D: dir } });
  if (result.exitCode !== 0) throw new Error(`No directory: ${asText(result).stderr}`);
}

/** Names that break careless quoting, globbing or line handling. */
export const nastyNames = [
  "a b",
  "it's",
  '"q"',
  "$(id)",
  "`id`",
  "new\nline",
  "end\n",
  "tab\t",
  "back\\slash",
  "-n",
  "*",
  "~",
  "#x",
  "\x1b[31m",
  "ÁÈ€",
  "n".repeat(255),
];
