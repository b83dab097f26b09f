import ssh2 from "ssh2";

export interface Recorder extends AsyncDisposable {
  port: number;
  /** `ecdsa-sha2-nistp256 AAAA…` */
  hostPublicKey: string;
  /** How many clients have connected. */
  readonly connections: number;
  /** The method of each authentication request, `none` included; with the password where there was one. */
  offered: string[];
  /** Cuts every connection. */
  drop(): void;
}

/** A fake SSH server on 127.0.0.1 that lets in whoever gives a password, and records every credential that it is offered. */
export async function startRecorder(): Promise<Recorder> {
  // One in some hundred of ssh2's own Ed25519 keys cannot be read back.
  const pair = ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256 });
  const offered: string[] = [];
  const clients: ssh2.Connection[] = [];
  const server = new ssh2.Server({ hostKeys: [pair.private] }, (client) => {
    clients.push(client);
    client.on("error", () => {});
    client.on("authentication", (context) => {
      const isPassword = context.method === "password";
      offered.push(isPassword ? `password ${context.password}` : context.method);
      if (isPassword) context.accept();
      else context.reject(["password"]);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const drop = () => {
    for (const client of clients) client.end();
  };
  return {
    port: typeof address === "object" && address ? address.port : 0,
    offered,
    get connections() {
      return clients.length;
    },
    hostPublicKey: pair.public.split(" ").slice(0, 2).join(" "),
    drop,
    async [Symbol.asyncDispose]() {
      drop();
      // Not waited for: under Bun its callback does not come while a client's socket is half open.
      server.close();
    },
  };
}
