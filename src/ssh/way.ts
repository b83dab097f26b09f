import type { Duplex } from "node:stream";
import { raceAbort } from "../util/abort.ts";
import { deferred } from "../util/deferred.ts";
import { pause } from "../util/pause.ts";
import type { Attempt } from "./attempt.ts";
import type { LiveConnection } from "./connection.ts";
import { translateForwardError, translateSshError } from "./errors.ts";
import { ProxyStream } from "./proxy.ts";
import { openSocket } from "./socket.ts";
import type { SshTarget } from "./target.ts";

/** Milliseconds between two attempts, as OpenSSH's ConnectionAttempts. */
const attemptPauseMs = 1000;

/**
 * A byte channel to the target: through the jump host `via` if there is one, else through its proxy command or over TCP.
 * Rejects with the reason, or with the signal's after abort; then nothing stays open.
 */
export async function openWay(
  target: SshTarget,
  { via, attempt }: { via: LiveConnection | undefined; attempt: Attempt },
): Promise<Duplex> {
  if (via) {
    attempt.stage = "the jump host";
    return throughHop(via, target, attempt.signal);
  }
  attempt.signal.throwIfAborted();
  if (target.proxyCommand !== undefined) return new ProxyStream(target.proxyCommand);
  attempt.stage = "the network";
  return overTcp(target, attempt);
}

/** As often as the user's ConnectionAttempts says, all within one connect timeout; a name is not looked up in vain again. */
async function overTcp(target: SshTarget, attempt: Attempt): Promise<Duplex> {
  const { signal } = attempt;
  for (let left = target.connectionAttempts - 1; ; left--) {
    try {
      return await openSocket(target, signal);
    } catch (cause) {
      if (signal.aborted) throw cause;
      const error = translateSshError(cause, target);
      if (left <= 0 || !passing.includes(error.code) || attempt.leftMs < attemptPauseMs) throw error;
    }
    await pause(attemptPauseMs, signal);
  }
}

const passing: readonly string[] = ["unreachable", "connect_timeout", "connection_lost"];

/** A byte channel to the target, opened by the jump host. */
function throughHop(via: LiveConnection, target: SshTarget, signal: AbortSignal): Promise<Duplex> {
  const opened = deferred<Duplex>();
  void via.closed.then(opened.reject);
  try {
    // The originator's address is for the hop's log only (RFC 4254, section 7.2).
    via.client.forwardOut("127.0.0.1", 0, target.hostName, target.port, (error, channel) => {
      if (error) opened.reject(translateForwardError(error, via.target, target));
      else opened.resolve(channel);
    });
  } catch (cause) {
    opened.reject(translateSshError(cause, via.target));
  }
  return raceAbort(opened.promise, signal);
}
