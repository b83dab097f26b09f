import { deferred } from "../util/deferred.ts";
import { readyMark } from "./frame.ts";

/**
 * How long (ms) a login shell with its start files may take until our `sh` waits for its line. Start files that load version
 * managers from a slow disk need seconds; what never gets there is no shell, or waits for somebody to type.
 */
export const readyTimeoutMs = 15_000;

/** `ended`: gone without our sign. `silent`: there, but it does not show it. Nothing was sent to either. */
export type Readiness = "ready" | "ended" | "silent";

export interface ReadyWatch {
  /** Takes the next bytes of the shell's stdout. */
  onStdout(chunk: Buffer): void;
  onStderr(chunk: Buffer): void;
  /** The beginning of what the login shell printed, in latin1. */
  noise(): string;
  /** `closed` settles when the channel is closed and all its output was read. */
  outcome(closed: Promise<unknown>): Promise<Readiness>;
}

const noiseKept = 400;

/**
 * Tells whether the shell of a fresh channel waits for its line. Before that nothing may be sent: a network device would take
 * our script for its own commands, and a start file that reads would swallow it.
 */
export function watchReady(): ReadyWatch {
  const ready = deferred<"ready">();
  let noise = "";
  let end = "";
  const keep = (text: string) => {
    if (noise.length < noiseKept) noise += text.slice(0, noiseKept);
  };
  return {
    onStdout(chunk) {
      const text = chunk.toString("latin1");
      keep(text);
      end += text;
      if (end.includes(readyMark)) ready.resolve("ready");
      end = end.slice(-readyMark.length);
    },
    onStderr: (chunk) => keep(chunk.toString("latin1")),
    noise: () => noise.replace(readyMark, ""),
    async outcome(closed) {
      const silent = deferred<"silent">();
      const timer = setTimeout(() => silent.resolve("silent"), readyTimeoutMs);
      const ended = closed.then((): Readiness => "ended");
      try {
        // In this order: a shell that was ready and is over by now is dealt with where it is used.
        return await Promise.race([ready.promise, ended, silent.promise]);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
