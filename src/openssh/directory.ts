import { chmod, lstat, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RemoteError } from "../remote/error.ts";

/**
 * Bytes of a directory that leave room for a socket in it: the shortest limit of a socket's path is 104 (macOS), and the
 * client binds it under a name with 17 characters more before it gives it its own.
 */
const longestDirectory = 104 - 17 - "/0123456789".length - 1;

/** The directory of one connection, which only this user can enter. Disposing removes it with all that is in it. */
export interface PrivateDirectory extends AsyncDisposable {
  readonly path: string;
}

/** Rejects with `unsupported` when there is no place where others cannot interfere. */
export async function privateDirectory(): Promise<PrivateDirectory> {
  const path = await mkdtemp(join(parent(), "rc-ssh-"));
  const dispose = () => rm(path, { recursive: true, force: true });
  try {
    await chmod(path, 0o700);
    const { uid, mode } = await lstat(path);
    if (uid !== process.getuid?.() || (mode & 0o777) !== 0o700) throw notPrivate();
    return { path, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** The system's temporary directory, or `/tmp` where that one's name is too long for a socket. */
function parent(): string {
  const own = tmpdir();
  return Buffer.byteLength(join(own, "rc-ssh-XXXXXX")) <= longestDirectory ? own : "/tmp";
}

const notPrivate = (): RemoteError =>
  new RemoteError(
    "unsupported",
    "The system's ssh needs a directory that only you can enter, and the temporary directory cannot hold one; set TMPDIR to a directory of your own.",
  );
