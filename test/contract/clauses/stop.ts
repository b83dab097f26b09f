import { expect, test } from "vitest";
import type { ExecOptions } from "../../../src/remote/shell.ts";
import { type Deferred, deferred } from "../../../src/util/deferred.ts";
import { asText, type Bed, clause, type Fixture, useBed } from "../fixture.ts";

/** Bounds of time are for a busy machine of two cores; they tell "at once" from "never", not fast from slow. */
const atOnceMs = 2_000;
const soonMs = 12_000;

/** A script that tells its process ids in the file `pids`, says `started` and then runs until it is stopped. */
const endless = "sleep 300 & echo $! >pids; sh -c 'echo $$ >>pids; echo started; exec sleep 300'";
/** The same without processes: it leaves a trace for as long as it lives. */
const ticking = "echo started; while :; do echo x >>ticks; sleep 0.1; done";

export function stopClauses(fixture: Fixture): void {
  const bed = useBed(fixture);

  test("output arrives while the command still runs", async () => {
    const first = deferred<string>();
    const running = bed.sh("echo first; while [ ! -e go ]; do sleep 0.05; done; echo second", {
      onOutput: (chunk) => first.resolve(Buffer.from(chunk).toString()),
    });
    expect(await first.promise).toBe("first\n");
    await bed.put("go", "");
    expect((await running).stdout).toBe("first\nsecond\n");
  });

  test("a command that runs long keeps no file operation waiting", async () => {
    const { running, started, stop } = start(bed, ticking);
    await started.promise;
    expect(await bed.host.files.stat(bed.at("nothing"))).toBeUndefined();
    stop.abort();
    await running;
  });

  test("a timeout ends the command as timed-out with what it said so far", async () => {
    const before = Date.now();
    const result = await bed.sh(ticking, { timeoutMs: 700 });
    expect(result).toEqual({ stdout: "started\n", stderr: "", ended: "timed-out", exitCode: undefined });
    expect(Date.now() - before).toBeGreaterThanOrEqual(690);
    expect(Date.now() - before).toBeLessThan(soonMs);
    await stopsTicking(bed);
  });

  test("a command that ends before its timeout is not touched by it", async () => {
    expect(await bed.sh("echo ok", { timeoutMs: 30_000 })).toMatchObject({ stdout: "ok\n", ended: "exited" });
  });

  test("a timeout of many weeks does not fire at once", async () => {
    expect(await bed.sh("sleep 0.3; echo ok", { timeoutMs: 3_000_000_000 })).toMatchObject({
      stdout: "ok\n",
      ended: "exited",
    });
  });

  test("an abort settles at once as aborted and the command stops", async () => {
    const { running, started, stop } = start(bed, ticking);
    await started.promise;
    const before = Date.now();
    stop.abort(new Error("enough"));
    expect(asText(await running)).toEqual({ stdout: "started\n", stderr: "", ended: "aborted", exitCode: undefined });
    expect(Date.now() - before).toBeLessThan(atOnceMs);
    await stopsTicking(bed);
  });

  test("aborted before it was sent: rejects with the reason and nothing runs", async () => {
    const reason = new Error("not wanted any more");
    const signal = AbortSignal.abort(reason);
    await expect(bed.sh("echo x >ran", { signal })).rejects.toBe(reason);
    expect(await bed.names()).toEqual([]);
  });

  clause(fixture, "processes", "after a timeout the whole process group is gone", async () => {
    const result = await bed.sh(endless, { timeoutMs: 1_000 });
    expect(result).toMatchObject({ stdout: "started\n", ended: "timed-out" });
    await processesGone(bed);
  });

  clause(fixture, "processes", "after an abort the whole process group is gone", async () => {
    const { running, started, stop } = start(bed, endless);
    await started.promise;
    stop.abort();
    expect((await running).ended).toBe("aborted");
    await processesGone(bed);
  });

  clause(fixture, "processes", "a command that ignores TERM is stopped all the same", async () => {
    const result = await bed.sh("trap '' TERM; echo $$ >pids; while :; do sleep 0.2; done", { timeoutMs: 500 });
    expect(result.ended).toBe("timed-out");
    await processesGone(bed);
  });

  clause(fixture, "processes", "a command killed by a signal ends as signalled, without an exit code", async () => {
    const result = await bed.sh("echo before; kill -9 $$");
    expect(result).toMatchObject({ stdout: "before\n", ended: "signalled", exitCode: undefined });
  });

  clause(fixture, "processes", "a child killed by a signal is an exit code", async () => {
    expect(await bed.sh("sh -c 'kill -9 $$'")).toMatchObject({ ended: "exited", exitCode: 137 });
  });

  clause(fixture, "background", "a background child that holds the output does not hold the answer", async () => {
    const before = Date.now();
    const result = await bed.sh("sleep 20 & echo $! >pids; echo ok");
    expect(result).toMatchObject({ stdout: "ok\n", ended: "exited", exitCode: 0 });
    expect(Date.now() - before).toBeLessThan(atOnceMs);
    await bed.sh("kill $(cat pids)");
  });
}

function start(bed: Bed, script: string, options: ExecOptions = {}) {
  const started: Deferred<void> = deferred();
  const stop = new AbortController();
  const onOutput = () => started.resolve();
  const running = bed.host.shell.exec(script, { cwd: bed.dir, signal: stop.signal, onOutput, ...options });
  running.catch(started.reject);
  return { running, started, stop };
}

/** The trace that the stopped script left does not grow any more. */
async function stopsTicking(bed: Bed): Promise<void> {
  const size = async () => (await bed.host.files.stat(bed.at("ticks")))?.size ?? 0;
  for (let last = -1, until = Date.now() + soonMs; Date.now() < until; ) {
    const now = await size();
    if (now === last) return;
    last = now;
    // Longer than the pause between two ticks.
    await new Promise((resolve) => setTimeout(resolve, 400));
  }
  throw new Error("The stopped command still runs.");
}

/** Nobody may reap an orphan in a container, so a zombie counts as gone. */
async function processesGone(bed: Bed): Promise<void> {
  const script = 'for p in $(cat pids); do case $(ps -o stat= -p "$p") in "" | Z*) ;; *) echo "$p" ;; esac; done';
  for (let until = Date.now() + soonMs; Date.now() < until; ) {
    if ((await bed.sh(script)).stdout === "") return;
  }
  expect((await bed.sh(script)).stdout).toBe("");
}
