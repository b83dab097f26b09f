import type { ChannelEnd } from "../posix/run.ts";

/**
 * The fingerprint by which the machine is known again, `SHA256:…`: that of its key, or, when its certificate was accepted,
 * that of the authority, since certified keys may change. Undefined before the key exchange. The words between the quotes
 * of a certificate's line are its holder's own, so the line is read from its end.
 */
export function hostKeyIn(log: string): string | undefined {
  const shown = /^debug1: Server host (key|certificate): \S+ (SHA256:[\w+/]+)(.*)$/m.exec(log);
  const [, kind, key, rest = ""] = shown ?? [];
  if (kind !== "certificate" || !/^debug1: Host '.*' is known and matches the \S+ host certificate\.$/m.test(log)) {
    return key;
  }
  return /" CA \S+ (SHA256:[\w+/]+) valid [^"]*$/.exec(rest)?.[1];
}

/** The server's software as it names itself. */
export const serverSoftwareIn = (log: string): string =>
  /^debug1: Remote protocol version \S+, remote software version (.*)$/m.exec(log)?.[1]?.trim() ?? "";

/** What the master waits for, for the sentence of a timeout. */
export function stageIn(log: string): string {
  if (/^debug1: SSH2_MSG_NEWKEYS received$/m.test(log)) return "the answer to the login";
  if (/^debug1: Local version string /m.test(log)) return "the server's SSH handshake";
  return "the network";
}

/**
 * How the process on this channel of the master ended. The client for one session cannot tell: it ends with 255 as well
 * when the remote was killed by a signal as when the master died. Numbers are used again, so only the last use counts.
 */
export function channelEndIn(log: string, channel: number): ChannelEnd {
  let end: ChannelEnd = "unknown";
  const about = new RegExp(
    `^(?:debug1: channel ${channel}: (new) |debug1: client_input_channel_req: channel ${channel} rtype exit-(status|signal)|exec (request failed) on channel ${channel}\\b)`,
    "gm",
  );
  for (const [, isNew, how] of log.matchAll(about)) {
    end = isNew ? "unknown" : how === "signal" ? "signalled" : "exited";
  }
  return end;
}
