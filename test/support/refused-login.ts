import { RemoteError } from "../../src/remote/error.ts";
import { type ConnectOptions, connect } from "../../src/ssh/connect.ts";
import type { SshTarget } from "../../src/ssh/target.ts";

/** The error of a login that must fail. */
export async function refusedLogin(target: SshTarget, options: ConnectOptions = {}): Promise<RemoteError> {
  const error = await connect(target, options).then(
    async (connection) => {
      await connection[Symbol.asyncDispose]();
      return new Error("it connected");
    },
    (reason: unknown) => reason,
  );
  if (!(error instanceof RemoteError)) throw error;
  return error;
}

/** How many logins a server refused so far, by its own log. */
export const countFailures = (server: { stderr(): string }): number =>
  server.stderr().match(/^Failed \S+ for/gm)?.length ?? 0;
