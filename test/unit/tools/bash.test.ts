import { existsSync, writeFileSync } from "node:fs";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ExecResult } from "../../../src/remote/shell.ts";
import { deferred } from "../../../src/util/deferred.ts";
import type { CommandOptions } from "../../../src/workspace/command.ts";
import { type ToolBench, toolBench } from "../../support/tool-call.ts";

let bench: ToolBench;
let at: (name: string) => string;
const bash = (command: string, rest: { timeout?: number; workdir?: string } = {}) =>
  bench.call("bash", { command, ...rest });

/** The file that an answer names. */
const saved = (output: string): string =>
  /^\.\.\.output truncated\.\.\.\n\nFull output saved to: (\S+)\n\n/.exec(output)?.[1] ?? "";

beforeEach(async () => {
  bench = await toolBench();
  at = (name) => join(bench.root, name);
});
afterEach(() => bench[Symbol.asyncDispose]());

describe("a command", () => {
  test("answers its text, with the command as title", async () => {
    expect(await bash("echo hi")).toEqual({
      title: "echo hi",
      output: "hi\n",
      metadata: { output: "hi\n", exit: 0, truncated: false },
    });
  });

  test("that fails is a result, its status only in the metadata", async () => {
    const { output, metadata } = await bash("echo out; echo err >&2; exit 3");
    expect(output).toBe("out\nerr\n");
    expect(metadata).toMatchObject({ exit: 3 });
  });

  test("without output says so", async () => {
    expect((await bash("true")).output).toBe("(no output)");
  });

  test("has its streams merged in order, no terminal and no input", async () => {
    const { output } = await bash("for i in 1 2 3; do echo o$i; echo e$i >&2; done; cat; test -t 0 || echo plain");
    expect(output).toBe("o1\ne1\no2\ne2\no3\ne3\nplain\n");
  });

  test("keeps ANSI sequences and survives quotes, newlines and dollar signs", async () => {
    expect((await bash(`printf '\\033[31m%s\\033[0m' "it's \\$x"\necho`)).output).toBe("\x1b[31mit's $x\x1b[0m\n");
  });

  test("is run by bash, in the root, with OpenCode's variables", async () => {
    const { output } = await bash('pwd; echo "$AGENT$OPENCODE"; [[ -n $BASH_VERSION ]] && echo bash');
    expect(output).toBe(`${bench.root}\n11\nbash\n`);
  });

  test("runs in workdir, and nothing of one call is left for the next", async () => {
    await mkdir(at("sub"));
    expect((await bash("pwd; X=1; cd /", { workdir: "sub" })).output).toBe(`${at("sub")}\n`);
    expect((await bash('pwd; echo "[$X]"')).output).toBe(`${bench.root}\n[]\n`);
  });

  test("cannot run in a directory that is not there", async () => {
    await expect(bash("true", { workdir: "nope" })).rejects.toMatchObject({ code: "not_found" });
  });
});

describe("a command is ended", () => {
  test("by its timeout: what it said is kept and the model is told", async () => {
    const { output, metadata } = await bash("echo begun; sleep 30", { timeout: 300 });
    expect(output).toBe(
      "begun\n\n\n<shell_metadata>\nshell tool terminated command after exceeding timeout 300 ms. If this command is expected to take longer and is not waiting for interactive input, retry with a larger timeout value in milliseconds.\n</shell_metadata>",
    );
    expect(metadata).toMatchObject({ exit: null });
  });

  test("by the user: the call still completes", async () => {
    const marker = at("begun");
    const running = bash(`touch ${marker}; while :; do sleep 0.1; done`);
    await expect.poll(() => existsSync(marker), { timeout: 5_000 }).toBe(true);
    bench.abort.abort();
    const { output, metadata } = await running;
    expect(output).toBe("(no output)\n\n<shell_metadata>\nUser aborted the command\n</shell_metadata>");
    expect(metadata).toMatchObject({ exit: null });
  });

  test("before it began when the call was already aborted", async () => {
    bench.abort.abort(new Error("stop"));
    await expect(bash(`touch ${at("ran")}`)).rejects.toThrow("stop");
    expect(existsSync(at("ran"))).toBe(false);
  });
});

describe("a long output", () => {
  test("keeps its last lines, within OpenCode's own limits, and all of it lies in a file of the user's alone", async () => {
    const { output, metadata } = await bash("seq 1 3000");
    expect(dirname(saved(output))).toBe(bench.opencode.outputDirectory);
    expect(output.endsWith("\n2999\n3000\n")).toBe(true);
    expect(output.split("\n").length).toBe(2000);
    expect(metadata).toMatchObject({ truncated: true, exit: 0, outputPath: saved(output) });
    expect(await readFile(saved(output), "utf8")).toMatch(/^1\n2\n[\s\S]*\n3000\n$/);
    expect((await stat(saved(output))).mode & 0o777).toBe(0o600);
  });

  test("keeps the end of one giant line", async () => {
    const { output } = await bash("head -c 300000 /dev/zero | tr '\\0' x; printf end");
    expect(output.endsWith("xend")).toBe(true);
    expect(Buffer.byteLength(output)).toBe(51_200);
    expect((await stat(saved(output))).size).toBe(300_003);
  });

  test("of a command that was stopped is kept and named like any other", async () => {
    const { output } = await bash("seq 1 30000; sleep 30", { timeout: 500 });
    expect(output).toMatch(/\n30000\n\n\n<shell_metadata>\nshell tool terminated command [^\n]*\n<\/shell_metadata>$/);
    expect(await readFile(saved(output), "utf8")).toMatch(/^1\n[\s\S]*\n30000\n$/);
    expect(output.split("\n").length).toBeLessThanOrEqual(2000);
  });

  test("is read and searched where it lies", async () => {
    const { output } = await bash("seq 1 3000");
    const path = saved(output);
    const read = await bench.call("read", { filePath: path, offset: 1500, limit: 2 });
    expect(read.output).toBe(
      `<path>${path}</path>\n<type>file</type>\n<content>\n1500: 1500\n1501: 1501\n\n(Showing lines 1500-1501 of 3000. Use offset=1502 to continue.)\n</content>`,
    );
    const found = await bench.call("grep", { pattern: "^150[01]$", path });
    expect(found.output).toBe(`Found 2 matches\n${path}:\n  Line 1500: 1500\n\n  Line 1501: 1501\n`);
  });

  test("that was not cut leaves no file", async () => {
    await bash("seq 1 1999");
    expect(existsSync(bench.opencode.outputDirectory)).toBe(false);
  });
});

describe("a child that still runs", () => {
  test("is told of, for its output is not awaited", async () => {
    bench.workspace.command = async (_command, { onOutput }) => {
      onOutput(Buffer.from("ok\n"));
      return { stdout: Buffer.of(), stderr: Buffer.of(), ended: "exited", exitCode: 0, stillOpen: true };
    };
    expect((await bash("sleep 30 & echo ok")).output).toBe(
      "ok\n\n\n<shell_metadata>\nThe command has ended, but a process that it started still runs in the background on box; what that prints from now on is not shown.\n</shell_metadata>",
    );
  });
});

describe("while it runs", () => {
  test("the call shows what was printed so far, and the answer is the last word", async () => {
    const shown: unknown[] = [];
    bench.onMetadata = ({ metadata }) => {
      shown.push(metadata?.output);
      if (metadata?.output === "one\n") writeFileSync(at("go"), "");
    };
    const { metadata } = await bash("echo one; while [ ! -e go ]; do sleep 0.02; done; echo two");
    expect(shown).toEqual(["", "one\n"]);
    expect(metadata?.output).toBe("one\ntwo\n");
  });

  test("a command of six hours is shown as it goes on, and nothing of it piles up", async () => {
    const ended = deferred<ExecResult>();
    const began = deferred<CommandOptions>();
    bench.workspace.command = async (_command, options) => {
      began.resolve(options);
      return await ended.promise;
    };
    const shown: string[] = [];
    bench.onMetadata = ({ metadata }) => void shown.push(String(metadata?.output));
    const hours = 6 * 60 * 60 * 1000;
    vi.useFakeTimers();
    try {
      const running = bash("make world", { timeout: hours });
      const { onOutput, timeoutMs } = await began.promise;
      expect(timeoutMs).toBe(hours);
      for (let minute = 1; minute <= 360; minute++) {
        onOutput(Buffer.from(`minute ${minute}\n${"x".repeat(1000)}\n`));
        await vi.advanceTimersByTimeAsync(60_000);
        expect(shown.at(-1)).toContain(`minute ${minute}\n`);
      }
      expect(shown.length).toBe(361);
      expect(Math.max(...shown.map((text) => text.length))).toBeLessThanOrEqual(30_005);
      ended.resolve({ stdout: Buffer.of(), stderr: Buffer.of(), ended: "exited", exitCode: 0 });
      const { output } = await running;
      expect((await stat(saved(output))).size).toBeGreaterThan(360_000);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("permissions", () => {
  test("each command of the line is asked for, before it runs", async () => {
    const ran: boolean[] = [];
    bench.onAsk = () => void ran.push(existsSync(at("f")));
    await bash("touch f && git status || true");
    expect(bench.asked).toEqual([
      {
        permission: "bash",
        patterns: ["touch f", "git status", "true"],
        always: ["touch *", "git status *", "true *"],
        metadata: { command: "touch f && git status || true" },
      },
    ]);
    expect(ran).toEqual([false]);
  });

  test("places outside the workspace are asked for first", async () => {
    const command = `cat ${bench.outside}/x; cp f ${bench.outside}/y`;
    await bash(command, { workdir: "/" });
    const directories = ["/", bench.outside];
    const patterns = ["/*", `${bench.outside}/*`];
    expect(bench.asked[0]).toEqual({
      permission: "external_directory",
      patterns,
      always: patterns,
      metadata: { command, directories, patterns },
    });
    expect(bench.asked[1]?.permission).toBe("bash");
  });

  test.each(["cd src && ls", "cat ./a ../work/b", "mkdir -p x/y", "cat ~/f"])(
    "%j stays inside and asks for no place",
    async (command) => {
      await bash(command);
      expect(bench.asked.map((each) => each.permission)).toEqual(["bash"]);
    },
  );

  test("the root itself is no place outside", async () => {
    await bash(`cd ${bench.root} && true`);
    await bash("cd . && true");
    expect(bench.asked.map((each) => each.permission)).toEqual(["bash", "bash"]);
  });

  test("a directory outside that is entered is asked for itself, not for all beside it", async () => {
    await bash(`cd ${bench.outside} && true`);
    expect(bench.asked[0]?.patterns).toEqual([`${bench.outside}/*`]);
  });

  test("a rejection passes through as the same object and nothing runs", async () => {
    const rejection = { denied: true };
    bench.onAsk = () => {
      throw rejection;
    };
    await expect(bash("touch f")).rejects.toBe(rejection);
    expect(existsSync(at("f"))).toBe(false);
  });
});

test("a file that a command changed is read and edited as it is now", async () => {
  await writeFile(at("f"), "one\n");
  await bench.call("read", { filePath: "f" });
  await bash("echo two > f");
  await bench.call("edit", { filePath: "f", oldString: "two", newString: "three" });
  expect(await readFile(at("f"), "utf8")).toBe("three\n");
});
