import type { ClientChannel } from "ssh2";
import type { Frame } from "../posix/frame.ts";
import { type ChannelEnd, type RunOptions, type RunOutcome, runFramed } from "../posix/run.ts";
import type { Connection } from "./connect.ts";
import type { ParkedShell } from "./parked.ts";

/** Sends one framed command to a parked shell and follows it to its end; see `runFramed`. */
export function run(
  { ended }: Pick<Connection, "ended">,
  shell: ParkedShell,
  framed: Frame,
  options: RunOptions,
): Promise<RunOutcome> {
  const { channel } = shell;
  const streams = { stdin: channel, stdout: channel, stderr: channel.stderr, closed: endOf(channel) };
  return runFramed({ channel: streams, take: () => shell.take() }, framed, { ...options, ended });
}

/** ssh2 tells an exit status or signal in an event of its own, before the channel closes. */
function endOf(channel: ClientChannel): Promise<ChannelEnd> {
  let end: ChannelEnd = "unknown";
  channel.once("exit", (_code: number | null, signal?: string) => {
    end = signal ? "signalled" : "exited";
  });
  return new Promise((resolve) => channel.once("close", () => resolve(end)));
}
