import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { clause, type Fixture, makeDirectory, nastyNames, useBed } from "../fixture.ts";

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
/** U+00C1–U+00C8: their second UTF-8 bytes are 0x81–0x88, which dash uses as its own marks inside words. */
const dashMarks = "ÁÂÃÄÅÆÇÈ";
const same = (a: Uint8Array, b: Uint8Array) =>
  expect(Buffer.compare(a, b), `${a.length} and ${b.length} bytes`).toBe(0);

export function shellClauses(fixture: Fixture): void {
  const bed = useBed(fixture);

  test("stdout and stderr stay apart and nothing else is in them", async () => {
    expect(await bed.sh("echo out; echo err >&2")).toEqual({
      stdout: "out\n",
      stderr: "err\n",
      ended: "exited",
      exitCode: 0,
    });
    expect(await bed.sh(":")).toEqual({ stdout: "", stderr: "", ended: "exited", exitCode: 0 });
  });

  test("output without a final newline gets none", async () => {
    expect(await bed.sh("printf a; printf b >&2")).toMatchObject({ stdout: "a", stderr: "b" });
  });

  test.each([0, 1, 42, 255])("exit code %d is a result", async (code) => {
    expect(await bed.sh(`echo before; exit ${code}; echo after`)).toMatchObject({
      stdout: "before\n",
      ended: "exited",
      exitCode: code,
    });
  });

  test("the last command's exit status is the script's", async () => {
    expect((await bed.sh("true; false")).exitCode).toBe(1);
    expect((await bed.sh("(exit 7)")).exitCode).toBe(7);
    expect((await bed.sh("no-such-command-here")).exitCode).toBe(127);
  });

  test("all 256 byte values pass through both streams", async () => {
    await bed.put("bytes", everyByte);
    const result = await bed.host.shell.exec("cat bytes; cat bytes >&2", { cwd: bed.dir });
    same(result.stdout, everyByte);
    same(result.stderr, everyByte);
  });

  clause(fixture, "printf-bytes", "bytes that are no UTF-8 come as they are", async () => {
    const { stdout } = await bed.host.shell.exec("printf '\\377\\200\\303'");
    same(stdout, Buffer.from([0xff, 0x80, 0xc3]));
  });

  test("1 MB of binary stdin comes back exact", async () => {
    const stdin = randomBytes(1 << 20);
    const result = await bed.host.shell.exec("cat", { stdin });
    same(result.stdout, stdin);
    expect(result.exitCode).toBe(0);
  });

  test("stdin ends after its last byte, and is at its end when absent", async () => {
    expect(await bed.sh("cat; echo done")).toMatchObject({ stdout: "done\n", exitCode: 0 });
    expect(await bed.sh("cat; echo done", { stdin: Buffer.from("no newline") })).toMatchObject({
      stdout: "no newlinedone\n",
    });
    expect((await bed.sh("wc -c", { stdin: everyByte })).stdout.trim()).toBe("256");
  });

  test("a command that does not read its stdin is not harmed by it", async () => {
    expect(await bed.sh("echo ok", { stdin: randomBytes(1 << 20) })).toMatchObject({ stdout: "ok\n", exitCode: 0 });
  });

  test.each(nastyNames)("runs in the directory %j", async (name) => {
    const dir = bed.at(name);
    await makeDirectory(bed.host, dir);
    const result = await bed.sh("pwd; printf x >here", { cwd: dir });
    expect(result).toMatchObject({ stdout: `${dir}\n`, stderr: "", exitCode: 0 });
    expect(await bed.text(`${name}/here`)).toBe("x");
  });

  test("a missing directory is not_found and nothing runs", async () => {
    const script = `echo x >'${bed.at("ran")}'`;
    await expect(bed.sh(script, { cwd: bed.at("missing") })).rejects.toMatchObject({ code: "not_found" });
    await bed.put("file", "");
    await expect(bed.sh(script, { cwd: bed.at("file") })).rejects.toMatchObject({ code: "not_found" });
    expect(await bed.names()).toEqual(["file"]);
  });

  test("env values arrive exact, whatever is in them", async () => {
    const values = [...nastyNames, "", "a'b'\"c\"!$x`y`\\z\n\n", dashMarks, "x".repeat(10_000)];
    for (const value of values) {
      expect((await bed.sh('printf %s "$RC_TEST"', { env: { RC_TEST: value } })).stdout).toBe(value);
    }
    expect((await bed.sh("printenv RC_TEST", { env: { RC_TEST: "exported" } })).stdout).toBe("exported\n");
    expect((await bed.sh('echo "$(printenv RC_TEST || echo unset)"')).stdout).toBe("unset\n");
  });

  test("NUL in script, value or a name that is no identifier is refused before anything runs", async () => {
    await expect(bed.sh("echo x >ran; echo \0")).rejects.toBeInstanceOf(TypeError);
    await expect(bed.sh("echo x >ran", { env: { A: "\0" } })).rejects.toBeInstanceOf(TypeError);
    await expect(bed.sh("echo x >ran", { env: { "A=1; B": "" } })).rejects.toBeInstanceOf(TypeError);
    expect(await bed.names()).toEqual([]);
  });

  test.each([
    ["quotes", `echo 'a"b' "c'd" "it's \\"x\\""`, `a"b c'd it's "x"\n`],
    ["backslashes", "printf '%s\\n' 'a\\b\\\\c\\n' \"d\\\\e\"", "a\\b\\\\c\\n\nd\\e\n"],
    ["exclamation marks", `echo 'a!b' "!!" !x`, "a!b !! !x\n"],
    ["substitutions", `echo "$(echo $(echo deep))" $((6*7))`, "deep 42\n"],
    ["several lines", "for i in 1 2\ndo\n  echo $i\ndone\n\n# end\n", "1\n2\n"],
    ["a here-document", "cat <<'END'\n $x `y` \\z\n\ttab\nEND\n", " $x `y` \\z\n\ttab\n"],
    ["percent signs and octal escapes as text", "echo '%s %d \\\\0101' | cat", /%s %d/],
    ["UTF-8 with the bytes 0x81–0x88", `v='${dashMarks}'; printf '%s|' "$v" $v ${dashMarks} "\${v#Á}"`, /./],
  ])("takes a script with %s", async (_what, script, expected) => {
    const { stdout, stderr, exitCode } = await bed.sh(script);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    if (typeof expected === "string") expect(stdout).toBe(expected);
    else expect(stdout).toMatch(expected);
    if (script.includes("#Á")) expect(stdout).toBe(`${dashMarks}|${dashMarks}|${dashMarks}|${dashMarks.slice(1)}|`);
  });

  test("takes a script of 300 KB", async () => {
    const long = "0123456789".repeat(30_000);
    expect((await bed.sh(`v='${long}'; echo \${#v}; exit 3`)).stdout).toBe("300000\n");
  });

  test("a syntax error is a non-zero exit with stderr", async () => {
    const result = await bed.sh("if then fi (");
    expect(result.ended).toBe("exited");
    expect(result.exitCode).toBeGreaterThan(0);
    expect(result.stderr).toMatch(/syntax/i);
  });

  test("exec in a script replaces it and its exit code counts", async () => {
    expect(await bed.sh("exec sh -c 'echo replaced; exit 9'; echo never")).toMatchObject({
      stdout: "replaced\n",
      ended: "exited",
      exitCode: 9,
    });
  });

  test("nothing of one script reaches the next", async () => {
    await bed.sh("RC_LEFT=1; export RC_LEFT; cd /; f() { echo f; }");
    expect(
      (await bed.sh('echo "$(printenv RC_LEFT || echo none)"; f 2>/dev/null || echo none', { cwd: bed.dir })).stdout,
    ).toBe("none\nnone\n");
  });

  test("keepBytes keeps the beginning of each stream, and onOutput still sees all", async () => {
    await bed.put("bytes", randomBytes(200_000));
    let seen = 0;
    const onOutput = (chunk: Uint8Array) => {
      seen += chunk.length;
    };
    const options = { cwd: bed.dir, keepBytes: 1000, onOutput };
    const result = await bed.host.shell.exec("cat bytes; cat bytes >&2", options);
    const head = (await bed.content("bytes")).subarray(0, 1000);
    same(result.stdout, head);
    same(result.stderr, head);
    expect(seen).toBe(400_000);
    expect((await bed.sh("echo x", { keepBytes: 0 })).stdout).toBe("");
  });

  test("20 scripts at once are all answered with their own output", async () => {
    const numbers = Array.from({ length: 20 }, (_, i) => i);
    const results = await Promise.all(
      numbers.map((i) => bed.sh(`echo ${i}; cat; echo e${i} >&2; exit ${i}`, { stdin: Buffer.from(`in${i}`) })),
    );
    for (const i of numbers) {
      expect(results[i]).toEqual({ stdout: `${i}\nin${i}`, stderr: `e${i}\n`, ended: "exited", exitCode: i });
    }
  });
}
