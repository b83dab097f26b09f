import { spawn } from "node:child_process";
import type { ServerChannel } from "ssh2";

export interface HostCommand {
  command: string;
  /** Current directory and HOME. */
  dir: string;
  /** What the client asked to set. */
  env: Readonly<Record<string, string>>;
  channel: ServerChannel;
}

/** The processes that one command started and that stayed in its process group; they may outlive the command. */
export interface ProcessGroup {
  alive(): boolean;
  /** SIGKILL to every member; nothing when there is none. */
  kill(): void;
}

/**
 * Runs one `exec` request through `/bin/sh -c` in a process group of its own and reports its exit to the channel, with
 * bytes untouched and backpressure in all three streams. A client that closes the channel early closes the command's
 * streams and does not signal it, as sshd does for a session without a terminal.
 */
export function runCommand({ command, dir, env, channel }: HostCommand): ProcessGroup {
  const child = spawn("/bin/sh", ["-c", command], {
    cwd: dir,
    env: { ...baseEnvironment(dir), ...env },
    detached: true,
    stdio: "pipe",
  });

  // A command that does not read its input to the end is a normal command; the rest of it goes nowhere.
  child.stdin.on("error", () => channel.resume());
  channel.pipe(child.stdin);
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });

  child.once("error", (error) => {
    channel.stderr.write(`demo host: ${error.message}\n`);
    channel.exit(127);
    channel.end();
  });
  // `close`, not `exit`: the status must come after the last byte of output.
  child.once("close", (code, signal) => {
    if (child.pid === undefined) return;
    if (signal) channel.exit(signal.replace(/^SIG/, ""));
    else channel.exit(code ?? 255);
    channel.end();
  });
  // A client that goes away in the middle is no failure of the host.
  channel.on("error", () => channel.destroy());
  channel.once("close", () => {
    child.stdin.destroy();
    child.stdout.destroy();
    child.stderr.destroy();
  });

  const signal = (name: NodeJS.Signals | 0) => {
    try {
      return child.pid !== undefined && process.kill(-child.pid, name);
    } catch {
      return false;
    }
  };
  return { alive: () => signal(0), kill: () => void signal("SIGKILL") };
}

/** What a login would set; nothing of the caller's own environment (credentials, OpenCode's variables) crosses over. */
function baseEnvironment(dir: string): Record<string, string> {
  const { PATH = "/usr/local/bin:/usr/bin:/bin", LANG, USER = "demo" } = process.env;
  return { PATH, HOME: dir, SHELL: "/bin/sh", USER, LOGNAME: USER, ...(LANG ? { LANG } : {}) };
}
