import type { Duplex } from "node:stream";

/** What a server can do, each list in its own order (RFC 4253, section 7.1). Names are the server's text: not to be trusted. */
export interface ServerOffer {
  kex: string[];
  hostKey: string[];
  cipher: Directions;
  mac: Directions;
  compress: Directions;
}

/** Each direction is agreed upon separately. */
export interface Directions {
  toServer: string[];
  fromServer: string[];
}

/** RFC 4253, section 12. */
const kexInit = 20;
/** Bytes; a server that has sent more before its lists is not listened to any longer. Its greeting and lists take 2 KiB. */
const limit = 65_536;

/**
 * Listens to what a server says first, in plain text, beside whoever reads the stream next: ssh2 does not tell these lists.
 * `heard` is called once, with the lists, and before the reader gets the same bytes; never for what is no SSH server.
 */
export function onServerOffer(stream: Duplex, heard: (offer: ServerOffer) => void): void {
  let seen = Buffer.alloc(0);
  const listen = (chunk: Buffer) => {
    seen = Buffer.concat([seen, chunk]);
    const offer = parseServerOffer(seen);
    if (offer === undefined && seen.length < limit) return;
    stream.off("data", listen);
    if (offer) heard(offer);
  };
  // The first listener makes the stream flow, so it must not come before the reader. A socket that was paused for that long
  // does not always start again in Bun 1.3.
  const beside = (event: string | symbol) => {
    if (event !== "data") return;
    stream.off("newListener", beside);
    stream.on("data", listen);
  };
  stream.on("newListener", beside);
}

/** The lists in what a server sent so far, greeting included; undefined while they are not complete. */
export function parseServerOffer(seen: Buffer): ServerOffer | undefined {
  for (let at = endOfGreeting(seen); seen.length >= at + 6; ) {
    const end: number = at + 4 + seen.readUInt32BE(at);
    if (seen.length < end) return undefined;
    if (seen[at + 5] === kexInit) return readLists(seen.subarray(at + 6, end));
    at = end;
  }
  return undefined;
}

/** Lines of any text may come before the one that says SSH (RFC 4253, section 4.2). */
function endOfGreeting(seen: Buffer): number {
  for (let at = 0; ; ) {
    const end = seen.indexOf("\n", at);
    if (end < 0) return seen.length;
    if (seen.toString("latin1", at, at + 4) === "SSH-") return end + 1;
    at = end + 1;
  }
}

function readLists(payload: Buffer): ServerOffer | undefined {
  const lists: string[][] = [];
  // After 16 random bytes.
  for (let at = 16; lists.length < 8; ) {
    if (payload.length < at + 4) return undefined;
    const end = at + 4 + payload.readUInt32BE(at);
    if (payload.length < end) return undefined;
    lists.push(
      payload
        .toString("latin1", at + 4, end)
        .split(",")
        .filter(Boolean),
    );
    at = end;
  }
  const [kex = [], hostKey = [], ...rest] = lists;
  const [cipherTo = [], cipherFrom = [], macTo = [], macFrom = [], compressTo = [], compressFrom = []] = rest;
  return {
    kex,
    hostKey,
    cipher: { toServer: cipherTo, fromServer: cipherFrom },
    mac: { toServer: macTo, fromServer: macFrom },
    compress: { toServer: compressTo, fromServer: compressFrom },
  };
}
