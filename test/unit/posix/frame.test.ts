import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import {
  type FrameOptions,
  frame,
  frameReader,
  parkCommand,
  parkCommandInOwnGroup,
  readyMark,
} from "../../../src/posix/frame.ts";
import { remotePath } from "../../../src/remote/path.ts";
import { shellQuote } from "../../../src/util/shell-quote.ts";
import { nastyStrings } from "../../support/nasty-strings.ts";

/** Runs a framed script the way a server does: a login shell gets the fixed command line, stdin all the rest. */
function runFramed(script: string, options: FrameOptions & { stdin?: string; park?: string; login?: string[] } = {}) {
  const { nonce, line } = frame(script, options);
  const [program = "sh", ...args] = options.login ?? ["sh"];
  const input = Buffer.concat([line, Buffer.from(options.stdin ?? "")]);
  const ran = spawnSync(program, [...args, "-c", options.park ?? parkCommand], { input });
  const [out, err] = [frameReader(nonce), frameReader(nonce)];
  const text = (reader: typeof out, bytes: Buffer) => Buffer.concat([reader.push(bytes), reader.rest()]).toString();
  return { stdout: text(out, ran.stdout), stderr: text(err, ran.stderr), out, err };
}

const logins: [string, string[]][] = [
  ["dash", ["dash"]],
  ["bash", ["bash", "--norc"]],
  ["BusyBox", ["busybox", "sh"]],
];

describe.each(logins)("under %s as login shell", (_name, login) => {
  describe.each([
    ["parked", parkCommand],
    ["parked in its own group", parkCommandInOwnGroup],
  ])("%s", (_how, park) => {
    test("a script's output, errors and status come back", () => {
      const { stdout, stderr, out } = runFramed("echo out; echo err >&2; exit 7", { login, park });
      expect([stdout, stderr, out.exitCode, out.phase]).toEqual(["out\n", "err\n", 7, "ended"]);
      expect(out.pid).toBeGreaterThan(1);
    });

    test.each([
      "it's",
      '"$x" `id` $(id) !',
      "back\\slash \\n \\0 %s %%",
      "new\nline",
      "tab\t|;&<>*?[]{}~#",
      "日本 é 😀",
      "\x1b[31m",
      "-n",
    ])("the text %j survives", (text) => {
      const word = `'${text.replaceAll("'", "'\\''")}'`;
      expect(runFramed(`printf %s ${word}`, { login, park }).stdout).toBe(text);
    });
  });

  test("stdin is left for the script, byte for byte, and ends", () => {
    expect(runFramed("cat", { login, stdin: "a\\nb\n'x" }).stdout).toBe("a\\nb\n'x");
    expect(runFramed("cat; echo end", { login }).stdout).toBe("end\n");
  });

  test("a script that ends its shell, fails in its syntax or sets traps still reports its status", () => {
    expect(runFramed("set -e; false; echo no", { login }).out.exitCode).toBe(1);
    const broken = runFramed("echo 'open", { login });
    expect(broken.out.phase).toBe("ended");
    expect(broken.out.exitCode).not.toBe(0);
    expect(runFramed("exit 255", { login }).out.exitCode).toBe(255);
    expect(runFramed("echo ')' # comment", { login }).stdout).toBe(")\n");
  });

  test("directory and variables are set, and a missing directory is told", () => {
    const env = { A: "it's $x", B: "two\nlines" };
    const { stdout } = runFramed('printf "%s|%s|" "$A" "$B"; pwd', { login, cwd: remotePath("/usr/bin/.."), env });
    expect(stdout).toBe("it's $x|two\nlines|/usr\n");
    const missing = runFramed("echo no", { login, cwd: remotePath("/does not/exist") });
    expect([missing.out.phase, missing.stdout]).toEqual(["no-cwd", ""]);
  });

  test("a script of half a megabyte is no problem", () => {
    const script = `${"# a comment that fills the script up\n".repeat(14_000)}echo done`;
    expect(runFramed(script, { login }).stdout).toBe("done\n");
  });
});

describe.each([["dash"], ["bash", "--posix"], ["busybox", "sh"], ["zsh", "--emulate", "sh"]])(
  "%s as /bin/sh",
  (program, ...args) => {
    /** What `parkCommand` gives to /bin/sh. */
    const waiting = /'(.*)'$/.exec(parkCommand)?.[1] ?? "";

    test("says that it waits before it reads, in words that the command line does not hold", () => {
      const { stdout } = spawnSync(program, [...args, "-c", waiting], { input: "" });
      expect(stdout.toString()).toBe(readyMark);
      expect(parkCommand + parkCommandInOwnGroup).not.toContain(readyMark);
    });

    test("takes every nasty text", () => {
      const text = nastyStrings.join("\0").replaceAll("\0", " ");
      const { nonce, line } = frame(`printf %s ${shellQuote(text)}`);
      const reader = frameReader(nonce);
      const { stdout } = spawnSync(program, [...args, "-c", waiting], { input: line });
      expect(reader.push(stdout).toString()).toBe(text);
      expect(reader.exitCode).toBe(0);
    });

    test("does not end at a time limit for input, and hands it on", async () => {
      const { nonce, line } = frame('printf %s "$TMOUT"');
      const child = spawn(program, [...args, "-c", waiting], { env: { ...process.env, TMOUT: "1" } });
      const chunks: Buffer[] = [];
      child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
      // Longer than the limit, by the clock of the shell's own machine.
      spawn("sleep", ["1.2"]).once("close", () => child.stdin.end(line));
      child.stdin.on("error", () => {});
      await once(child, "close");
      expect(frameReader(nonce).push(Buffer.concat(chunks)).toString()).toBe("1");
    });
  },
);

test("a frame is one line, refuses NUL and variable names that are none", () => {
  const { line } = frame("a\nb\\c", { env: { X: "\n" } });
  expect(line.indexOf(10)).toBe(line.length - 1);
  expect(() => frame("a\0b")).toThrow(TypeError);
  expect(() => frame("a", { env: { X: "\0" } })).toThrow(TypeError);
  expect(() => frame("a", { env: { "X; id": "1" } })).toThrow(TypeError);
});

test("each frame has a nonce of its own", () => {
  expect(frame("x").nonce).toMatch(/^[0-9a-f]{32}$/);
  expect(frame("x").nonce).not.toBe(frame("x").nonce);
});

describe("a reader", () => {
  const nonce = "0123456789abcdef0123456789abcdef";
  const stream = `motd\nnoise\n${nonce} start 42\nbody ${nonce.slice(0, 20)} text\n\n${nonce} end 3\nafter`;
  const body = `body ${nonce.slice(0, 20)} text\n\n`;

  test.each([1, 2, 3, 5, 7, 16, 31, 32, 33, 40, 64, 1000])("gives the same with packets of %d bytes", (size) => {
    const reader = frameReader(nonce);
    const bytes = Buffer.from(stream);
    const parts: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size) parts.push(reader.push(bytes.subarray(at, at + size)));
    parts.push(reader.rest());
    expect(Buffer.concat(parts).toString()).toBe(body);
    expect([reader.phase, reader.pid, reader.exitCode]).toEqual(["ended", 42, 3]);
  });

  test("does not hold back output that cannot be a marker", () => {
    const reader = frameReader(nonce);
    reader.push(Buffer.from(`${nonce} start 1\n`));
    expect(reader.push(Buffer.from("prompt> ")).toString()).toBe("prompt> ");
    expect(reader.push(Buffer.from(nonce.slice(0, 5))).toString()).toBe("");
    expect(reader.push(Buffer.from("x")).toString()).toBe(`${nonce.slice(0, 5)}x`);
  });

  test("gives what it held back when the stream ends in the middle", () => {
    const reader = frameReader(nonce);
    reader.push(Buffer.from(`${nonce} start 1\n`));
    reader.push(Buffer.from(`half ${nonce.slice(0, 9)}`));
    expect(reader.rest().toString()).toBe(nonce.slice(0, 9));
    expect([reader.phase, reader.exitCode]).toEqual(["body", undefined]);
  });

  test("keeps the beginning of what an account says that runs nothing, and no more", () => {
    const reader = frameReader(nonce);
    expect(reader.push(Buffer.from("This account is currently not available.\n")).length).toBe(0);
    expect(reader.noise).toBe("This account is currently not available.\n");
    expect(reader.rest().length).toBe(0);
    const flood = frameReader(nonce);
    for (let i = 0; i < 100; i++) flood.push(Buffer.alloc(1000, 0x78));
    expect(flood.noise.length).toBeLessThanOrEqual(400);
  });

  test.each([
    `+ printf '%s start %s\\n' ${nonce} "$$"; printf '%s start\\n' ${nonce} >&2\\n( eval 'echo hi'\\n)\n`,
    `${nonce}\n`,
    `${nonce} start x\n`,
    `${nonce} started 1\n`,
    `${nonce} end 0\n`,
    `${nonce} start 1 and so on, and more of it, and still more of it\n`,
  ])("takes no echo of the line for the marker: %j", (echo) => {
    const bytes = Buffer.from(`${echo}> `);
    for (const size of [1, 7, bytes.length]) {
      const reader = frameReader(nonce);
      for (let at = 0; at < bytes.length; at += size) expect(reader.push(bytes.subarray(at, at + size)).length).toBe(0);
      expect([reader.phase, reader.pid, reader.rest().length]).toEqual(["before", undefined, 0]);
      expect(reader.push(Buffer.from(`${nonce} start 7\nbody ${echo}`)).toString()).toContain("body ");
      expect(reader.pid).toBe(7);
    }
  });

  test("drops what comes after the end marker", () => {
    const reader = frameReader(nonce);
    reader.push(Buffer.from(`${nonce} start 1\nx\n${nonce} end 0\n`));
    expect(reader.push(Buffer.from("background child\n")).length).toBe(0);
    expect(reader.rest().length).toBe(0);
  });
});
