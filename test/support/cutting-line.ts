import { connect, createServer, type Socket } from "node:net";

/** A TCP line to 127.0.0.1 that breaks after so many bytes. Disposing closes what still runs through it. */
export interface CuttingLine extends AsyncDisposable {
  readonly port: number;
  /** Lets `bytes` more through in this direction, then resets the connection; the next one is whole. */
  cutAfter(way: "up" | "down", bytes: number): void;
}

export async function startCuttingLine(target: number): Promise<CuttingLine> {
  const sockets = new Set<Socket>();
  const whole = { up: Number.POSITIVE_INFINITY, down: Number.POSITIVE_INFINITY };
  let left = { ...whole };
  const server = createServer((near) => {
    const far = connect(target, "127.0.0.1");
    const carry = (from: Socket, to: Socket, way: "up" | "down") => {
      sockets.add(from);
      from.setNoDelay(true);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
      const listen = (chunk: Buffer) => {
        left[way] -= chunk.length;
        if (left[way] > 0) return void to.write(chunk);
        const last = chunk.subarray(0, chunk.length + left[way]);
        left = { ...whole };
        from.off("data", listen).pause();
        to.write(last, () => near.resetAndDestroy());
      };
      from.on("data", listen);
    };
    carry(near, far, "up");
    carry(far, near, "down");
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("the line got no port");
  return {
    port: address.port,
    cutAfter(way, bytes) {
      left = { ...whole, [way]: bytes };
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
