import { type OwnProcess, startProcess } from "./process.ts";

/** Waits for the end of its input, which only our own death brings; the process group is the client's. */
const script = 'while read -r _; do :; done; kill -15 -"$0" 2>/dev/null; rm -rf "$1"';

/**
 * A shell that ends the client and removes its directory when this process is killed and cannot do it itself. Without it a
 * connection that is logged in would stay open. To be ended before or with the client: its group's number may then be
 * another's.
 */
export function startGuard({ pid }: OwnProcess, directory: string): OwnProcess | undefined {
  if (pid === undefined) return;
  return startProcess("/bin/sh", ["-c", script, String(pid), directory], { PATH: process.env.PATH });
}
