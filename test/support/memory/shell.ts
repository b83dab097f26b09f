import { Bash } from "just-bash";
import { RemoteError } from "../../../src/remote/error.ts";
import type { Ended, ExecOptions, ExecResult, RemoteShell } from "../../../src/remote/shell.ts";
import { onAbort, raceAbort } from "../../../src/util/abort.ts";
import { deferred } from "../../../src/util/deferred.ts";
import type { TrackedFs } from "./file-system.ts";
import { redirectEachCommand } from "./live-output.ts";

export const home = "/home/user";
const defaultKeepBytes = 64 * 1024 * 1024;
/** just-bash's own limits guard against strangers' scripts; the deadline of the call is ours. */
const unlimited = { maxCommandCount: 1e9, maxLoopIterations: 1e9, maxWorkUnits: 1e12 };

/** A RemoteShell over just-bash. `live` connects if needed and gives a signal that aborts when the link is lost. */
export function memoryShell(fs: TrackedFs, live: () => Promise<AbortSignal>): RemoteShell {
  let calls = 0;

  return {
    async exec(script: string, options: ExecOptions = {}): Promise<ExecResult> {
      const { cwd = home, env = {}, stdin, timeoutMs, signal, onOutput, keepBytes = defaultKeepBytes } = options;
      signal?.throwIfAborted();
      refuseUnsayable(script, cwd, env);
      const lost = await raceAbort(live(), signal);
      if ((await fs.node(cwd)).kind !== "directory") {
        throw new RemoteError("not_found", `Cannot enter the directory ${cwd} on memory.`, {
          host: "memory",
          path: cwd,
        });
      }
      signal?.throwIfAborted();

      const settled = deferred<{ ended: Ended; exitCode?: number }>();
      const stopped = new AbortController();
      const stop = (ended: Ended) => {
        settled.resolve({ ended });
        stopped.abort();
      };
      const kept = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
      const deliver = (stream: "stdout" | "stderr") => (bytes: Buffer) => {
        if (stopped.signal.aborted) return;
        kept[stream].push(bytes);
        onOutput?.(bytes, stream);
      };
      const call = ++calls;
      const paths = { stdout: `/dev/call-${call}-1`, stderr: `/dev/call-${call}-2` };
      const ends = [
        fs.sink(paths.stdout, deliver("stdout")),
        fs.sink(paths.stderr, deliver("stderr")),
        onAbort(signal, () => stop("aborted")),
        onAbort(lost, () => stop(lost.reason.code === "closed" ? "aborted" : "unknown")),
      ];
      const timer =
        timeoutMs === undefined ? undefined : setTimeout(() => stop("timed-out"), Math.min(timeoutMs, 2 ** 31 - 1));
      newBash(fs, paths)
        .exec(script, {
          rawScript: true,
          cwd,
          env: { ...env },
          stdin: stdin ? Buffer.from(stdin).toString("latin1") : "",
          stdinKind: "bytes",
          signal: stopped.signal,
        })
        .then((result) => {
          // What the shell itself says, of a syntax error for instance.
          for (const stream of ["stdout", "stderr"] as const) {
            if (result[stream]) deliver(stream)(Buffer.from(result[stream]));
          }
          settled.resolve({ ended: "exited", exitCode: result.exitCode });
        })
        .catch(settled.reject);
      try {
        const { ended, exitCode } = await settled.promise;
        const bytes = (stream: "stdout" | "stderr") => Buffer.concat(kept[stream]).subarray(0, keepBytes);
        return { stdout: bytes("stdout"), stderr: bytes("stderr"), ended, exitCode };
      } finally {
        clearTimeout(timer);
        for (const end of ends) end();
      }
    },
  };
}

/** One for each call, because the plugin knows the call's own sinks. */
function newBash(fs: TrackedFs, paths: { stdout: string; stderr: string }): Bash {
  const bash = new Bash({
    fs,
    cwd: home,
    env: { HOME: home },
    executionLimits: unlimited,
    // It patches timers and other globals of the process that runs the tests.
    defenseInDepth: false,
  });
  bash.registerTransformPlugin({
    name: "live-output",
    transform: ({ ast }) => ({ ast: redirectEachCommand(ast, paths.stdout, paths.stderr) }),
  });
  return bash;
}

function refuseUnsayable(script: string, cwd: string, env: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(env)) {
    if (!/^[A-Za-z_]\w*$/.test(name)) throw new TypeError(`${JSON.stringify(name)} is not a variable name.`);
  }
  if ([script, cwd, ...Object.values(env)].some((text) => text.includes("\0"))) {
    throw new TypeError("A command cannot contain a NUL byte.");
  }
}
