import { randomBytes } from "node:crypto";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

/** Bytes of one output that are saved at most: enough to search in, and no command can fill this machine's disk. */
export const maxSavedBytes = 100 * 1024 * 1024;

/** A file that grows with an output. It never throws: an output that cannot be saved is still an output. */
export interface SavedOutput {
  /** Undefined when the file could not be made or written. */
  readonly path: string | undefined;
  /** Why there is no file, in the system's words. */
  readonly failure: string | undefined;
  /** Bytes that came after the cap. */
  readonly dropped: number;
  write(chunk: Uint8Array): void;
  close(): void;
  /** Closes the file and removes it. */
  remove(): void;
}

/**
 * Opens a file of the owner's alone in OpenCode's directory for cut outputs, which is made if need be. Writing is
 * synchronous: what came is out of memory at once, however fast it comes.
 */
export function saveOutput(directory: string, limit = maxSavedBytes): SavedOutput {
  let path: string | undefined;
  let failure: string | undefined;
  let file: number | undefined;
  let size = 0;
  let dropped = 0;

  const attempt = (step: () => void) => {
    try {
      step();
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
      remove();
    }
  };
  const close = () => {
    if (file !== undefined) closeSync(file);
    file = undefined;
  };
  const remove = () => {
    try {
      close();
      if (path !== undefined) rmSync(path, { force: true });
    } catch {
      // OpenCode removes what is left there after seven days.
    }
    path = undefined;
  };

  attempt(() => {
    mkdirSync(directory, { recursive: true });
    const at = join(directory, fileName());
    file = openSync(at, "wx", 0o600);
    path = at;
  });
  return {
    get path() {
      return path;
    },
    get failure() {
      return failure;
    },
    get dropped() {
      return dropped;
    },
    write(chunk) {
      const part = chunk.subarray(0, limit - size);
      dropped += chunk.length - part.length;
      attempt(() => {
        for (let at = 0; file !== undefined && at < part.length; ) at += writeSync(file, part, at);
      });
      size += part.length;
    },
    close: () => attempt(close),
    remove,
  };
}

/** As OpenCode names its own: `tool_`, six bytes of the time in hex, 14 letters and digits. */
function fileName(): string {
  const time = (BigInt(Date.now()) * 0x1000n) & 0xffffffffffffn;
  const random = [...randomBytes(14)].map((byte) => alphabet[byte % alphabet.length]).join("");
  return `tool_${time.toString(16).padStart(12, "0")}${random}`;
}

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
