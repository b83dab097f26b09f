import type { Readable, Writable } from "node:stream";
import type { Ended, ExecOptions, ExecResult, LiveInput } from "../remote/shell.ts";
import { onAbort } from "../util/abort.ts";
import { deferred } from "../util/deferred.ts";
import { type Frame, frameReader } from "./frame.ts";

/** How the remote said that a channel's own process ended; `unknown`: it said nothing, or the link died. */
export type ChannelEnd = "exited" | "signalled" | "unknown";

/** The three streams of one process on the remote. */
export interface ShellChannel {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves once, when the channel is closed and all its output was read; never rejects. */
  readonly closed: Promise<ChannelEnd>;
}

/** A channel whose `sh` waits for its one line. */
export interface WaitingShell {
  channel: ShellChannel;
  /** Hands the streams over; returns the beginning of what the login shell printed so far. */
  take(): Buffer;
}

/** What happened to a command on one parked shell. Only `not-run` may be tried again: its script certainly did not start. */
export type RunOutcome =
  | { kind: "done"; result: ExecResult }
  | { kind: "no-cwd" }
  /** The shell ended without our start marker: it was dead, or it is no POSIX shell. `noise` is what it printed. */
  | { kind: "not-run"; noise: string };

export interface RunOptions extends ExecOptions {
  /**
   * Stops the process group of the shell with this id, which is undefined when the shell ended before it started;
   * settles when that is done or given up.
   */
  stop(pid: Promise<number | undefined>): Promise<void>;
}

const defaultKeepBytes = 64 * 1024 * 1024;
/** After a stop on timeout: how long the remote has to report its end. TERM, two seconds, KILL, and a slow line. */
const stopGraceMs = 5_000;
/**
 * The shell's end closes its streams in the same breath as its last line, unless a child holds them. So long (ms) after that
 * line the close is not on its way any more, bar a packet that was lost.
 */
const closeGraceMs = 500;
/** The longest that a timer of JavaScript can wait (ms, 24 days); a longer one would fire at once. */
const longestTimeoutMs = 2 ** 31 - 1;

/**
 * Sends one framed command to a parked shell and follows it to its end, or to the end of the connection, which `ended`
 * tells. The command is done when both end markers are in, so a background child that keeps the streams open does not hold
 * the answer; the channel closes in the background.
 */
export async function runFramed(
  shell: WaitingShell,
  { nonce, line }: Frame,
  options: RunOptions & { ended: AbortSignal },
): Promise<RunOutcome> {
  const { stdin, interact, timeoutMs, signal, onOutput, keepBytes = defaultKeepBytes, awaitClose } = options;
  const { channel } = shell;
  const settled = deferred<RunOutcome>();
  const early = shell.take();
  const readers = { stdout: frameReader(nonce), stderr: frameReader(nonce) };
  const kept = { stdout: collector(keepBytes), stderr: collector(keepBytes) };
  const started = deferred<number | undefined>();
  let stopping: Ended | undefined;
  let over = false;
  let linger: NodeJS.Timeout | undefined;

  const isAnswered = () => readers.stdout.phase === "ended" && readers.stderr.phase === "ended";
  const finish = (ended: Ended, stillOpen?: boolean) => {
    if (over) return;
    for (const stream of ["stdout", "stderr"] as const) deliver(stream, readers[stream].rest());
    over = true;
    const exitCode = ended === "exited" ? readers.stdout.exitCode : undefined;
    settled.resolve({
      kind: "done",
      result: {
        stdout: kept.stdout.bytes(),
        stderr: kept.stderr.bytes(),
        ended,
        exitCode,
        ...(stillOpen && { stillOpen }),
      },
    });
  };
  const deliver = (stream: "stdout" | "stderr", bytes: Buffer) => {
    if (over || !bytes.length) return;
    kept[stream].push(bytes);
    onOutput?.(bytes, stream);
  };
  const onData = (stream: "stdout" | "stderr") => (chunk: Buffer) => {
    deliver(stream, readers[stream].push(chunk));
    if (readers.stdout.pid !== undefined) started.resolve(readers.stdout.pid);
    if (readers.stdout.phase === "no-cwd") settled.resolve({ kind: "no-cwd" });
    if (!isAnswered()) return;
    if (stopping || !awaitClose) finish(stopping ?? "exited");
    else linger ??= setTimeout(() => finish("exited", true), closeGraceMs);
  };

  channel.stdout.on("data", onData("stdout"));
  channel.stderr.on("data", onData("stderr"));
  void channel.closed.then((end) => {
    started.resolve(undefined);
    // Without an exit status something else than the shell ended the channel, and our marker may have been on its way.
    if (readers.stdout.phase === "before" && end !== "unknown" && !stopping) {
      settled.resolve({ kind: "not-run", noise: early.toString("latin1") + readers.stdout.noise });
    } else finish(stopping ?? (isAnswered() ? "exited" : end === "signalled" ? "signalled" : "unknown"));
  });
  const offEnded = onAbort(options.ended, () => {
    started.resolve(undefined);
    finish(isAnswered() ? "exited" : "unknown");
  });

  const sent = stdin ? Buffer.concat([line, stdin]) : line;
  if (interact) {
    channel.stdin.write(sent);
    interact(liveInput(channel.stdin));
  } else channel.stdin.end(sent);

  const offAbort = onAbort(signal, () => {
    stopping ??= "aborted";
    void options.stop(started.promise);
    finish("aborted");
  });
  const timer = timeoutMs === undefined ? undefined : setTimeout(onTimeout, Math.min(timeoutMs, longestTimeoutMs));
  let grace: NodeJS.Timeout | undefined;
  function onTimeout() {
    if (isAnswered()) return;
    stopping ??= "timed-out";
    grace = setTimeout(() => finish("timed-out"), stopGraceMs);
    void options.stop(started.promise).then(() => finish("timed-out"));
  }

  try {
    return await settled.promise;
  } finally {
    if (interact) channel.stdin.end();
    offAbort();
    offEnded();
    clearTimeout(timer);
    clearTimeout(grace);
    clearTimeout(linger);
    // The data listeners stay: with unread data the channel would never close and its slot never come back.
  }
}

/** A channel that ends takes no more bytes. */
const liveInput = (stdin: Writable): LiveInput => ({
  write: (bytes) => void (stdin.writable && stdin.write(bytes)),
  end: () => void stdin.end(),
});

/** Keeps the first `limit` bytes of a stream. */
function collector(limit: number) {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    push(chunk: Buffer) {
      if (size >= limit) return;
      const part = chunk.subarray(0, limit - size);
      chunks.push(part);
      size += part.length;
    },
    bytes: () => Buffer.concat(chunks),
  };
}
