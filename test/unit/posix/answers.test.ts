import { describe, expect, test } from "vitest";
import { parseAnswer, parseStat, systemError, takePath } from "../../../src/posix/answers.ts";
import type { Ended } from "../../../src/remote/shell.ts";

const result = (stdout: string, stderr = "", ended: Ended = "exited") => ({
  stdout: Buffer.from(stdout),
  stderr: Buffer.from(stderr),
  ended,
  exitCode: ended === "exited" ? 0 : undefined,
});

describe("an answer", () => {
  test("is a line of words, then bytes", () => {
    const answer = parseAnswer(result("file 5 x\nbody\nmore"), "box", "/f", "read");
    expect({ ...answer, body: answer.body.toString() }).toEqual({ code: "file", rest: "5 x", body: "body\nmore" });
    expect(parseAnswer(result("absent \n"), "box", "/f", "read")).toMatchObject({ code: "absent", rest: "" });
    expect(parseAnswer(result("absent\n"), "box", "/f", "read")).toMatchObject({ code: "absent", rest: "" });
  });

  test("is read from the middle of a larger buffer", () => {
    const large = Buffer.from("xxxx code rest\nbody xxxx");
    const stdout = large.subarray(5, 19);
    const answer = parseAnswer({ ...result(""), stdout }, "box", "/f", "read");
    expect([answer.code, answer.rest, answer.body.toString()]).toEqual(["code", "rest", "body"]);
  });

  test.each([
    ["unknown", "outcome_unknown"],
    ["timed-out", "io"],
    ["signalled", "io"],
  ] as const)("of a script that ended as %s is none, whatever it printed", (ended, code) => {
    expect(() => parseAnswer(result("stat 1\n", "", ended), "box", "/f", "read")).toThrow(
      expect.objectContaining({ code }),
    );
  });

  test("that is missing is explained by what the remote said", () => {
    const read = () => parseAnswer(result("", "sh: /f: Permission denied"), "box", "/f", "read");
    expect(read).toThrow(/^Cannot read \/f on box: Permission denied; /);
  });
});

describe("a stat line", () => {
  test.each([
    [
      "c 81ed 1234 56 1 0 0 1700000000 2023-11-14 22:13:20.123456789 +0000",
      { type: "file", size: 56, mode: 0o755, mtime: 1700000000, links: 1 },
    ],
    ["c 41ff 1 4096 2 0 0 1700000000 x", { type: "directory", mode: 0o777 }],
    ["c 89ed 1 5 1 0 0 1 x", { type: "file", mode: 0o4755 }],
    ["c a1ff 1 5 1 0 0 1 x", { type: "other" }],
    ["f 81a4 77 9 3 501 20 1700000000 1.5", { type: "file", size: 9, mode: 0o644, links: 3 }],
    ["l 12 -rwsr-xr-x 1 0 0 42 Jan 1 2023 /a b", { type: "file", size: 42, mode: 0o4755, links: 1 }],
    ["l 12 drwxrwxrwt 5 0 0 4096 Jan 1 2023 /tmp", { type: "directory", mode: 0o1777 }],
    ["l 12 -rw-r-S--- 1 0 0 1 Jan 1 2023 /x", { type: "file", mode: 0o2640 }],
    ["l 12 prw-r--r-- 1 0 0 0 Jan 1 2023 /p", { type: "other" }],
  ])("%j is understood and is its own token", (line, expected) => {
    expect(parseStat(line)).toMatchObject({ ...expected, token: line });
  });

  test("of another form is refused", () => {
    expect(() => parseStat("stat: illegal option")).toThrow(expect.objectContaining({ code: "protocol" }));
  });
});

test("a path is taken by its length in bytes, so that it may hold any character", () => {
  const path = "/é\n日";
  const body = Buffer.from(`${path}\nrest`);
  const taken = takePath(body, String(Buffer.byteLength(path)));
  expect([taken.path, taken.body.toString()]).toEqual([path, "rest"]);
});

describe("what the remote's tools say", () => {
  test.each([
    ["mv: cannot move: No space left on device", "no_space"],
    ["Disk quota exceeded", "no_space"],
    ["touch: /f: Read-only file system", "read_only"],
    ["cat: /f: Permission denied", "permission_denied"],
    ["mv: /f: Operation not permitted", "permission_denied"],
    ["sh: File name too long", "io"],
    ["something else", "io"],
    ["", "io"],
  ])("%j is %s", (said, code) => {
    const error = systemError(said, "box", "/f", "save");
    expect(error).toMatchObject({ code, data: { host: "box", path: "/f" } });
    expect(error.message).toMatch(/^Cannot save \/f on box.*\.$/);
  });

  test("is shown without control characters and not at any length", () => {
    const { message } = systemError(`\x1b]52;c;eA==\x07bad\n${"x".repeat(1000)}`, "box", "/f", "save");
    expect(message).not.toMatch(/[^\x20-\x7e]/);
    expect(message.length).toBeLessThan(320);
  });
});
