import { randomBytes } from "node:crypto";
import net from "node:net";
import type { ServerOffer } from "../../src/ssh/server-offer.ts";

/** A server that says what it can do and nothing more: for servers that cannot be installed any longer. */
export interface OfferingServer extends AsyncDisposable {
  port: number;
}

export async function startOfferingServer(offer: ServerOffer, greeting: string | Buffer): Promise<OfferingServer> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket.on("error", () => undefined).once("close", () => sockets.delete(socket)));
    socket.write(Buffer.concat([Buffer.from(greeting), packet(lists(offer))]));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const dispose = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { port: typeof address === "object" && address ? address.port : 0, [Symbol.asyncDispose]: dispose };
}

/** RFC 4253, section 6, before any key: length, length of the padding, payload, padding to a multiple of 8 bytes. */
export function packet(payload: Buffer): Buffer {
  const padding = 4 + ((8 - ((5 + payload.length + 4) % 8)) % 8);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(1 + payload.length + padding);
  head[4] = padding;
  return Buffer.concat([head, payload, Buffer.alloc(padding)]);
}

/** RFC 4253, section 7.1. */
export function lists({ kex, hostKey, cipher, mac, compress }: ServerOffer): Buffer {
  const named = [kex, hostKey, ...[cipher, mac, compress].flatMap((one) => [one.toServer, one.fromServer]), [], []];
  const text = named.flatMap((list) => {
    const bytes = Buffer.from(list.join(","), "latin1");
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  });
  return Buffer.concat([Buffer.from([20]), randomBytes(16), ...text, Buffer.alloc(5)]);
}

/** The same for both directions. */
export function offerOf(lists: {
  kex: string[];
  hostKey: string[];
  cipher: string[];
  mac: string[];
  compress?: string[];
}): ServerOffer {
  const both = (list: string[]) => ({ toServer: list, fromServer: list });
  const { kex, hostKey, cipher, mac, compress = ["none"] } = lists;
  return { kex, hostKey, cipher: both(cipher), mac: both(mac), compress: both(compress) };
}
