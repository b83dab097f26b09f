import { InMemoryFs } from "just-bash";
import { sha256 } from "../../../src/remote/baseline.ts";
import type { RemoteStat } from "../../../src/remote/files.ts";
import { type RemotePath, remotePath } from "../../../src/remote/path.ts";

type Write = Parameters<InMemoryFs["appendFile"]>;
type Stat = Awaited<ReturnType<InMemoryFs["stat"]>>;

/** What a path is, as a shell's `test` would say. A dangling link is no file, but its name is taken. */
export type Node = Missing | Found;

interface Missing {
  kind: "absent" | "dangling";
}

interface Found {
  kind: "directory" | "special" | "file";
  real: RemotePath;
  stat: RemoteStat;
}

/** Devices that the simulated bash knows by name. */
const devices = /^\/dev\/(null|zero|u?random|tty|std(in|out|err))$/;

/** MAXSYMLINKS of Linux. */
const maxLinks = 40;

/** just-bash's file system that also counts changes, so that a file's token is another one after each of them. */
export class TrackedFs extends InMemoryFs {
  readonly #versions = new Map<string, number>();
  readonly #sinks = new Map<string, (bytes: Buffer) => void>();
  #clock = 0;

  /** What is written to `path` from now on goes to `receive` instead, as it is written; returns the way to end that. */
  sink(path: string, receive: (bytes: Buffer) => void): () => void {
    this.#sinks.set(path, receive);
    return () => this.#sinks.set(path, () => {});
  }

  override async writeFile(...args: Write): Promise<void> {
    if (await this.#toSink(args)) return;
    await this.#changing(args[0], () => super.writeFile(...args));
  }

  override async appendFile(...args: Write): Promise<void> {
    if (await this.#toSink(args)) return;
    await this.#changing(args[0], () => super.appendFile(...args));
  }

  override async chmod(path: string, mode: number): Promise<void> {
    await this.#changing(path, () => super.chmod(path, mode));
  }

  override async utimes(path: string, atime: Date, mtime: Date): Promise<void> {
    await this.#changing(path, () => super.utimes(path, atime, mtime));
  }

  override async mv(from: string, to: string): Promise<void> {
    await this.#changing(to, () => super.mv(from, to));
  }

  async node(path: string): Promise<Node> {
    const link = await this.lstat(path).catch(() => undefined);
    const real = await this.#resolve(path);
    const stat = real === undefined ? undefined : await this.lstat(real).catch(() => undefined);
    if (real === undefined || !stat) return { kind: link ? "dangling" : "absent" };
    const kind = devices.test(real) ? "special" : stat.isDirectory ? "directory" : "file";
    return { kind, real, stat: await this.#remoteStat(real, kind, stat) };
  }

  /** As realpath(3), for just-bash's own does not follow a link in the middle of a link's target. */
  async #resolve(path: string): Promise<RemotePath | undefined> {
    let real = remotePath("/");
    const rest = path.split("/").filter(Boolean);
    for (let links = 0; rest.length; ) {
      const next = remotePath(rest.shift() ?? "", real);
      const stat = await this.lstat(next).catch(() => undefined);
      if (!stat || (stat.isFile && rest.length)) return;
      if (!stat.isSymbolicLink) real = next;
      else if (++links > maxLinks) return;
      else {
        const target = await this.readlink(next);
        if (target.startsWith("/")) real = remotePath("/");
        rest.unshift(...target.split("/").filter(Boolean));
      }
    }
    return real;
  }

  async #remoteStat(real: RemotePath, kind: Node["kind"], stat: Stat): Promise<RemoteStat> {
    const content = kind === "file" ? sha256(await this.readFileBuffer(real)) : "";
    const version = this.#versions.get(stat.identity ?? real) ?? 0;
    return {
      type: kind === "special" ? "other" : kind === "directory" ? "directory" : "file",
      size: stat.size,
      mode: stat.mode & 0o7777,
      mtime: Math.floor(stat.mtime.getTime() / 1000),
      links: 1,
      token: `${stat.identity ?? real} ${version} ${stat.mode} ${content}`,
    };
  }

  /** A reader that comes between the two ticks holds a token that never comes back. */
  async #changing(path: string, change: () => Promise<void>): Promise<void> {
    await this.#tick(path);
    try {
      await change();
    } finally {
      await this.#tick(path);
    }
  }

  async #tick(path: string): Promise<void> {
    const stat = await this.stat(path).catch(() => undefined);
    if (stat) this.#versions.set(stat.identity ?? path, ++this.#clock);
  }

  async #toSink([path, content, options]: Write): Promise<boolean> {
    const receive = this.#sinks.get(path);
    if (!receive) return false;
    const encoding = typeof options === "string" ? options : options?.encoding;
    const bytes =
      typeof content === "string"
        ? Buffer.from(content, encoding === "binary" || encoding === "latin1" ? "latin1" : "utf8")
        : Buffer.from(content);
    if (bytes.length) receive(bytes);
    // A loop of builtins alone would never let a timer of ours run.
    await new Promise((resolve) => setImmediate(resolve));
    return true;
  }
}
