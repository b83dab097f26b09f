import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * SIGKILL to a process that the caller started and to all its living descendants. OpenCode puts its shell commands in
 * process groups of their own and leaves them behind when a signal ends it, so its own group would not be enough.
 */
export async function killTree(root: number): Promise<void> {
  const { stdout } = await run("ps", ["-A", "-o", "pid=,ppid="]);
  const children = new Map<number, number[]>();
  for (const line of stdout.trim().split("\n")) {
    const [pid, parent] = line.trim().split(/\s+/).map(Number);
    if (pid !== undefined && parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const pids = [root];
  // The list grows while it is walked: parents come before their children.
  for (const pid of pids) pids.push(...(children.get(pid) ?? []));
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended on its own in the meantime.
    }
  }
}
