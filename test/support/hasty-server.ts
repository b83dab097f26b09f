import { connect, createServer } from "node:net";
import ssh2, { type Connection } from "ssh2";

export interface HastyServer extends AsyncDisposable {
  port: number;
  /** All that clients sent. */
  heard(): Buffer;
}

/**
 * A server, or whoever sits in its place, that does not wait until its host key was accepted: after its own half of the key
 * exchange it says `what` of the login. Everything that a client sends is kept as it came over the line.
 */
export async function startHastyServer(what: "the login may begin" | "you are logged in"): Promise<HastyServer> {
  // One in some hundred of ssh2's own Ed25519 keys cannot be read back.
  const { private: hostKey } = ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256 });
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client.on("error", () => {});
    hasten(client, what);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const chunks: Buffer[] = [];
  const line = createServer((near) => {
    const far = connect(typeof address === "object" && address ? address.port : 0, "127.0.0.1");
    near.on("data", (chunk: Buffer) => chunks.push(chunk));
    near.on("error", () => far.destroy()).on("close", () => far.destroy());
    far.on("error", () => near.destroy()).on("close", () => near.destroy());
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => line.listen(0, "127.0.0.1", resolve));
  const outer = line.address();
  return {
    port: typeof outer === "object" && outer ? outer.port : 0,
    heard: () => Buffer.concat(chunks),
    async [Symbol.asyncDispose]() {
      line.close();
      server.close();
    },
  };
}

/** ssh2's server would wait for the client's half; its encryption is switched on at once. */
function hasten(client: Connection, what: string): void {
  const protocol: object = Reflect.get(client, "_protocol");
  const call = (of: object, name: string, ...words: unknown[]) => Reflect.apply(Reflect.get(of, name), of, words);
  const poll = () => {
    const exchange: unknown = Reflect.get(protocol, "_kex");
    // Its own half is done when the method was replaced by the one that does the rest.
    if (typeof exchange !== "object" || !exchange || !Object.hasOwn(exchange, "finish")) return void setImmediate(poll);
    const plain: object = Reflect.get(protocol, "_decipher");
    call(exchange, "finish");
    Reflect.set(protocol, "_decipher", plain);
    if (what === "the login may begin") call(protocol, "serviceAccept", "ssh-userauth");
    else {
      Reflect.get(protocol, "_authsQueue").push("none");
      call(protocol, "authSuccess");
    }
  };
  poll();
}
