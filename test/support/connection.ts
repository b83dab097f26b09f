import { RemoteError } from "../../src/remote/error.ts";
import { type Connection, type ConnectOptions, connect } from "../../src/ssh/connect.ts";
import type { SshTarget } from "../../src/ssh/target.ts";

/** Runs a command on a channel of its own; resolves with all that it wrote to stdout. */
export const run = async (connection: Connection, command: string): Promise<string> =>
  (await exchange(connection, command, Buffer.alloc(0))).toString();

/** Runs a command that gets `input`; resolves with all that it wrote to stdout. */
export const exchange = (connection: Connection, command: string, input: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    connection.client.exec(command, (error, channel) => {
      if (error) return reject(error);
      const chunks: Buffer[] = [];
      channel.on("data", (chunk: Buffer) => chunks.push(chunk));
      channel.on("close", () => resolve(Buffer.concat(chunks)));
      channel.end(input);
    });
  });

/** The RemoteError that an attempt ends with. */
export async function failure(target: SshTarget, options?: ConnectOptions): Promise<RemoteError> {
  const error = await connect(target, options).then(
    () => new Error("it connected"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof RemoteError)) throw error;
  return error;
}
