import net from "node:net";
import type { Duplex } from "node:stream";
import { onAbort } from "../util/abort.ts";
import type { SshTarget } from "./target.ts";

/**
 * Milliseconds that one address of a name gets before the next one is tried beside the others' failure; Node's 250 give up
 * on every address behind a satellite or an overloaded VPN.
 */
const nextAddressAfterMs = 1000;

/** A TCP connection without Nagle's delay. Rejects with the socket's error or, after abort, with the signal's reason. */
export function openSocket(target: SshTarget, signal: AbortSignal): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = net.connect({
      host: target.hostName,
      port: target.port,
      family: target.addressFamily,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: nextAddressAfterMs,
      noDelay: true,
    });
    // Stays for good: an error of a socket that nobody listens to would end the process.
    socket.on("error", reject);
    const off = onAbort(signal, () => {
      socket.destroy();
      reject(signal.reason);
    });
    socket.once("close", off);
    socket.once("connect", () => {
      off();
      // Node forgets the option above on some paths of `autoSelectFamily`.
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

/** Resolves when the stream is closed, or after `graceMs`: a channel whose connection died may never say so. */
export function whenClosed(stream: Duplex, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    if (stream.closed) return resolve();
    const timer = setTimeout(resolve, graceMs);
    stream.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
