import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A temporary directory of this process alone, in which everything that a login leaves can be seen. */
export interface Traces extends Disposable {
  readonly dir: string;
  /** Names in it. */
  left(): string[];
  /** All bytes of all regular files in it. */
  files(): string;
  /** Command lines of living processes that name it. */
  processes(): string[];
  /** Resolves when no such process is left; rejects after ten seconds. */
  gone(): Promise<void>;
}

export function traces(): Traces {
  const before = process.env.TMPDIR;
  const dir = mkdtempSync(join(tmpdir(), "rc-tr-"));
  process.env.TMPDIR = dir;
  const processes = () =>
    commandLines()
      .split("\n")
      .filter((line) => line.includes(dir));
  return {
    dir,
    left: () => readdirSync(dir),
    files() {
      const paths = readdirSync(dir, { recursive: true, encoding: "utf8" }).map((name) => join(dir, name));
      return paths.map((path) => (statSync(path).isFile() ? readFileSync(path, "latin1") : "")).join("\n");
    },
    processes,
    async gone() {
      for (let tries = 0; processes().length > 0; tries++) {
        if (tries === 100) throw new Error(`Still there: ${processes().join("\n")}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    [Symbol.dispose]() {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Words and environment of every living process, as `ps` shows them to their owner. */
export function commandLines(): string {
  // With an environment of its own: it must not find itself.
  const env = { PATH: process.env.PATH ?? "" };
  return execFileSync("ps", ["-A", "e", "-ww", "-o", "args="], { encoding: "utf8", env, maxBuffer: 64 << 20 });
}
