import { connect, createServer, type Socket } from "node:net";

/** A TCP line to 127.0.0.1 that can be cut in every way. Disposing closes what still runs through it. */
export interface SilentLine extends AsyncDisposable {
  readonly port: number;
  /** From now on nothing gets through, and nobody is told: as when a cable is pulled or an address changes. */
  silence(): void;
  /** Lets through again what waited meanwhile. */
  resume(): void;
  /** Both sides see a reset. */
  reset(): void;
  /** Both sides see an orderly end. */
  end(): void;
}

export async function startSilentLine(target: number): Promise<SilentLine> {
  const sockets = new Set<Socket>();
  let isSilent = false;
  const waiting: (() => void)[] = [];
  const server = createServer((near) => {
    const far = connect(target, "127.0.0.1");
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => sockets.delete(from));
      const begin = () => void from.pipe(to);
      if (isSilent) waiting.push(begin);
      else begin();
    }
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("the line got no port");
  const each = (act: (socket: Socket) => void) => () => sockets.forEach((socket) => void act(socket));
  return {
    port: address.port,
    silence() {
      isSilent = true;
      for (const socket of sockets) socket.pause();
    },
    resume() {
      isSilent = false;
      for (const begin of waiting.splice(0)) begin();
      for (const socket of sockets) socket.resume();
    },
    reset: each((socket) => socket.resetAndDestroy()),
    end: each((socket) => socket.end()),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
