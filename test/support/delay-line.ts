import { connect, createServer, type Socket } from "node:net";

/** A TCP line to 127.0.0.1 with a fixed delay. Disposing cuts what still runs through it. */
export interface DelayLine extends AsyncDisposable {
  readonly port: number;
}

/**
 * A proxy that delays every byte by `oneWayMs` in each direction, in order. Chunks are scheduled on arrival, side by side:
 * the line has latency, not less bandwidth, so time divided by the round trip counts round trips.
 */
export async function startDelayLine(target: number, oneWayMs: number): Promise<DelayLine> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target, "127.0.0.1");
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on("error", () => to.destroy());
      from.on("data", (chunk) => setTimeout(() => to.writable && to.write(chunk), oneWayMs));
      from.on("end", () => setTimeout(() => to.end(), oneWayMs));
      from.on("close", () => sockets.delete(from));
    }
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("the delay line got no port");
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
