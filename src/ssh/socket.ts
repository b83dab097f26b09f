import { lookup } from "node:dns/promises";
import net from "node:net";
import type { Duplex } from "node:stream";
import { onAbort, raceAbort } from "../util/abort.ts";
import { cannotBind, ignoredBind, unresolved } from "./errors.ts";
import type { SshTarget } from "./target.ts";

/**
 * Milliseconds that one address of a name gets before the next one is tried beside the others' failure; Node's 250 give up
 * on every address behind a satellite or an overloaded VPN.
 */
const nextAddressAfterMs = 1000;

/**
 * A TCP connection without Nagle's delay, from the user's BindAddress if there is one. Rejects with the socket's error or,
 * after abort, with the signal's reason.
 */
export async function openSocket(target: SshTarget, signal: AbortSignal): Promise<net.Socket> {
  signal.throwIfAborted();
  const { hostName, addressFamily } = target;
  const literal = net.isIP(hostName);
  // An address is not looked up, so nothing else would notice.
  if (addressFamily && literal && literal !== addressFamily) throw unresolved(target);
  const from = target.bindAddress && (await raceAbort(addressOf(target.bindAddress, target), signal));
  const socket = await open(target, from || undefined, signal);
  // OpenCode's runtime (Bun 1.3.14) knows no local address and takes the usual one.
  if (!from || plain(socket.localAddress) === plain(from)) return socket;
  socket.destroy();
  throw ignoredBind(target);
}

function open(target: SshTarget, from: string | undefined, signal: AbortSignal): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = net.connect({
      host: target.hostName,
      port: target.port,
      family: target.addressFamily ?? (from ? net.isIP(from) : undefined),
      localAddress: from,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: nextAddressAfterMs,
      noDelay: true,
    });
    // Stays for good: an error of a socket that nobody listens to would end the process.
    socket.on("error", (error: NodeJS.ErrnoException) =>
      reject(from && error.code === "EADDRNOTAVAIL" ? cannotBind(target, error) : error),
    );
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

/** BindAddress may be a name, as with OpenSSH. */
async function addressOf(bindAddress: string, target: SshTarget): Promise<string> {
  if (net.isIP(bindAddress)) return bindAddress;
  const found = lookup(bindAddress, { family: target.addressFamily ?? 0 });
  return (await found.catch((cause: unknown) => Promise.reject(cannotBind(target, cause)))).address;
}

/** One spelling for each address, without the zone. */
function plain(address: string | undefined): string | undefined {
  const [withoutZone = ""] = (address ?? "").split("%");
  return net.isIPv6(withoutZone) ? new URL(`http://[${withoutZone}]`).hostname : withoutZone;
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
