import { notPosix } from "../posix/not-posix.ts";
import { watchReady } from "../posix/ready.ts";
import type { ChannelEnd, WaitingShell } from "../posix/run.ts";
import type { RemoteError } from "../remote/error.ts";
import { onAbort } from "../util/abort.ts";
import { deferred } from "../util/deferred.ts";
import { sessionArguments, sessionEnvironment } from "./arguments.ts";
import { cannotRunClient, sessionLost, sessionRefused } from "./errors.ts";
import type { Master } from "./master.ts";
import { type OwnProcess, startProcess } from "./process.ts";

/** A session of its own over the master's connection, whose `sh` waits for its one line. */
export interface ParkedShell extends WaitingShell {
  readonly isOver: boolean;
  /** End of input: a shell that still waits is gone at once, and nothing of it stays on the remote. */
  release(): void;
  /** Ends the session; its channel is closed even if a child on the remote holds it. */
  close(): void;
}

/** Characters of what the login shell says on stderr that are kept. */
const noiseKept = 400;
/** Characters of what the client says until the session is open. */
const saidKept = 8_192;

const openedLine = /^debug1: mux_client_request_session: master session id: (\d+)\r?$/m;

/**
 * Opens a session that runs `command`; an error as the value: the server has no room for a further one. Rejects with
 * `RemoteError` in every other case in which none was opened.
 */
export async function openShell(master: Master, command: string): Promise<ParkedShell | RemoteError> {
  const { target, meeting } = master;
  const words = sessionArguments(target, meeting, command);
  const client = startProcess(target.client, words, sessionEnvironment(process.env, target));
  const heard = listen(client);
  const off = onAbort(master.ended, () => void client.end());
  const channel = await Promise.race([heard.opened, client.closed]);
  if (channel instanceof Error) throw cannotRunClient(target, channel);
  if (typeof channel === "number" || channel === null) {
    off();
    if (master.ended.aborted) throw master.ended.reason;
    const refused = sessionRefused(target, heard.said());
    if (refused) return refused;
    throw sessionLost(target);
  }
  master.opened();
  const closed = client.closed.then(async (code): Promise<ChannelEnd> => {
    off();
    if (typeof code === "number" && code !== 255) return "exited";
    return await master.endOf(channel.number);
  });
  const readiness = await heard.outcome(closed);
  if (readiness !== "ready") {
    client.terminate();
    if (master.ended.aborted) throw master.ended.reason;
    // Nobody said how it ended: the connection did.
    if (readiness === "ended" && (await closed) === "unknown") throw sessionLost(target);
    throw notPosix(target, heard.take().toString("latin1"), readiness);
  }
  return {
    channel: { stdin: client.stdin, stdout: client.stdout, stderr: client.stderr, closed },
    take: heard.take,
    get isOver() {
      return client.isOver;
    },
    release: () => void client.stdin.end(),
    close: () => client.terminate(),
  };
}

/** Reads both streams until they are taken: with unread data the client would never end. */
function listen({ stdout, stderr }: OwnProcess) {
  const opened = deferred<{ number: number }>();
  let said = "";
  const watch = watchReady();
  const onSaid = (chunk: Buffer) => {
    if (said.length < saidKept) said += chunk.toString("latin1");
    const number = openedLine.exec(said)?.[1];
    if (number !== undefined) opened.resolve({ number: Number(number) });
  };
  stdout.on("data", watch.onStdout);
  stderr.on("data", onSaid);
  return {
    opened: opened.promise,
    said: () => said,
    outcome: watch.outcome,
    take() {
      stdout.off("data", watch.onStdout);
      stderr.off("data", onSaid);
      const remotes = said.replace(/^debug1: .*\r?\n?/gm, "").slice(0, noiseKept);
      return Buffer.from(watch.noise() + remotes, "latin1");
    },
  };
}
