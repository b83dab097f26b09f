import { type ChildProcessByStdio, spawn } from "node:child_process";
import { Duplex, type Readable, type Writable } from "node:stream";
import { withoutSecrets } from "../util/secrets.ts";

/** What of a proxy command's stderr is kept for the error; bytes. Its last words say why it ended. */
const lastWordsBytes = 400;
/** Milliseconds between SIGTERM and SIGKILL; shorter than what a connection waits for its way to close. */
const killAfterMs = 250;
/**
 * Milliseconds between the first sign that it ends and the last: its output closes before its exit status and its last
 * words are there, and a child that it leaves may hold its pipes for ever.
 */
const endingMs = 200;

const isPosix = process.platform !== "win32";

/** How a proxy command ended. */
export interface ProxyEnd {
  /** 0 alone means that it did what it was asked to; undefined after a signal, or when it could not be started. */
  exitCode?: number;
  /** "exit status 127", "SIGKILL", "cannot be started: ENOENT", or "output closed" when it had to be stopped. */
  how: string;
  /** Its last words on stderr, as they came. */
  said: string;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * A shell command whose stdin and stdout are the connection, as OpenSSH's ProxyCommand. Owns the process and its process
 * group: destroying the stream ends both, and `close` is emitted when the process is gone. It runs in a session of its own,
 * so it can ask nothing on a terminal that shows something else.
 */
export class ProxyStream extends Duplex {
  /** Resolves once, when the process is gone; never rejects. */
  readonly ended: Promise<ProxyEnd>;
  readonly #child: Child;
  #said = Buffer.alloc(0);
  #isGone = false;

  constructor(command: string) {
    super();
    this.#child = start(command);
    this.ended = this.#watch();
    const { stdin, stdout, stderr } = this.#child;
    // Whoever writes to a proxy that has just ended hears of it through the callback of that write.
    for (const stream of [stdin, stdout, stderr]) stream.on("error", () => {});
    stdout.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) stdout.pause();
    });
    stdout.once("end", () => void this.#ending().then(() => this.push(null)));
    stderr.on("data", (chunk: Buffer) => {
      this.#said = Buffer.concat([this.#said, chunk]).subarray(-lastWordsBytes);
    });
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#child.stdin.write(chunk, (error) => {
      if (error) void this.#ending().then(() => done(error));
      else done();
    });
  }

  override _final(done: (error?: Error | null) => void): void {
    // A process that is gone closed its stdin before we could.
    this.#child.stdin.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const { stdin, stdout, stderr } = this.#child;
    this.#signal("SIGTERM");
    const timer = setTimeout(() => this.#signal("SIGKILL"), killAfterMs);
    stdin.destroy();
    stdout.destroy();
    stderr.destroy();
    void this.ended.then(() => {
      clearTimeout(timer);
      done(error);
    });
  }

  /** A process that is stopped too early would not say why it ended. */
  #ending(): Promise<unknown> {
    return Promise.race([this.ended, new Promise((resolve) => setTimeout(resolve, endingMs).unref())]);
  }

  #watch(): Promise<ProxyEnd> {
    const child = this.#child;
    return new Promise((resolve) => {
      const end = (how: string, exitCode?: number) => {
        clearTimeout(timer);
        resolve({ how, exitCode, said: this.#said.toString("utf8") });
      };
      let timer: NodeJS.Timeout | undefined;
      child.once("error", (error: NodeJS.ErrnoException) => {
        this.#isGone ||= child.pid === undefined;
        end(`cannot be started: ${error.code ?? "unknown"}`);
        this.push(null);
      });
      child.once("exit", (code, signal) => {
        // What it left in its group would otherwise live on; while it does, nobody else can have got the group's number.
        if (this.destroyed) this.#signal("SIGKILL");
        this.#isGone = true;
        const how = this.destroyed ? "output closed" : code === null ? `${signal}` : `exit status ${code}`;
        timer = setTimeout(end, this.destroyed ? 0 : endingMs, how, code ?? undefined);
        child.once("close", () => end(how, code ?? undefined));
      });
    });
  }

  /** To the whole group, as long as its leader lives: its number may be somebody else's afterwards. */
  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined || this.#isGone) return;
    try {
      if (isPosix) process.kill(-pid, signal);
      else this.#child.kill(signal);
    } catch {
      // It has just ended by itself.
    }
  }
}

function start(command: string): Child {
  const env = withoutSecrets(process.env);
  const stdio: ["pipe", "pipe", "pipe"] = ["pipe", "pipe", "pipe"];
  if (!isPosix) return spawn(command, { shell: true, env, stdio, windowsHide: true });
  // `exec`, as OpenSSH: no shell lingers between us and the command.
  return spawn(process.env.SHELL || "/bin/sh", ["-c", `exec ${command}`], { env, stdio, detached: true });
}
