import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { posixSearch } from "../../../src/posix/search.ts";
import { RemoteError } from "../../../src/remote/error.ts";
import { type RemotePath, relative, remotePath } from "../../../src/remote/path.ts";
import type { RemoteSearch } from "../../../src/remote/search.ts";
import { localShell } from "../../support/local-shell.ts";
import { toolPath } from "../../support/tool-path.ts";

const shells: [string, string[]][] = [
  ["dash", ["dash"]],
  ["bash", ["bash", "--norc", "--posix"]],
  ["BusyBox", ["busybox", "sh"]],
];

const files: Record<string, string | Buffer> = {
  "README.md": "# Title\n\nfoo and foobar\n",
  "src/main.ts": 'import { foo } from "./foo";\n\nexport function main() {\n\treturn foo(1, 22, 333);\n}\n',
  "src/foo.ts": "export const foo = (x: number) => x + 1;",
  "src/foo.test.ts": 'test("foo", () => {});\n',
  "src/deep/er/x.tsx": "const x = [1];\n",
  ".env": "FOO=bar\nfoo=1\n",
  ".hidden/config.ts": "foo = 'hidden'\n",
  ".git/HEAD": "foo\n",
  "sub/.git": "gitdir: ../foo\n",
  "log-10:20:30.txt": "foo at 10:20:30\n",
  "a b/it's $(id).ts": "foo\n",
  "-n": "foo\n",
  "crlf.txt": "foo\r\nbar\r\n",
  "utf8/é.txt": "café foo ünï\nÉ\n日本\n",
  "empty.ts": "",
  "blank.ts": "\n\n",
  "binary.bin": Buffer.from("foo\0foo\nfoo\n"),
  "special.txt":
    'a.b\naxb\na*b\n(foo)\n[foo]\nfoo{2}\nx|y\nback\\slash\n$HOME ^caret\n"quoted"\nuser-name@host.example\n',
};

let dir: string;
let root: RemotePath;
let paths: Record<"system" | "busybox", string>;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "rc-search-"));
  root = remotePath(join(dir, "tree"));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
  }
  await symlink("src", join(root, "link-to-dir"));
  await symlink("README.md", join(root, "link-to-file"));
  execFileSync("mkfifo", [join(root, "fifo")]);
  paths = {
    system: await toolPath(join(dir, "system"), "system"),
    busybox: await toolPath(join(dir, "busybox"), "busybox"),
  };
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const limit = 1000;
const over = (command: string[], path?: string): RemoteSearch =>
  posixSearch(localShell(command, { path }), () => "box");
const ripgrep = () => over(["dash"]);

/** What a search answers, in one order; an error by its code. */
async function grep(search: RemoteSearch, pattern: string, include?: string) {
  try {
    const { matches } = await search.grep({ dir: root, pattern, include, limit });
    return matches.map(({ path, line, text }) => `${relative(root, path)}:${line}:${text}`).sort();
  } catch (error) {
    if (error instanceof RemoteError) return error.code;
    throw error;
  }
}
async function glob(search: RemoteSearch, pattern: string) {
  try {
    const found = await search.glob({ dir: root, pattern, limit });
    return found.paths.map((path) => relative(root, path)).sort();
  } catch (error) {
    if (error instanceof RemoteError) return error.code;
    throw error;
  }
}

const patterns: [pattern: string, include?: string][] = [
  ["foo"],
  ["^foo$"],
  ["foo$"],
  ["fo+\\b"],
  ["\\bfoo\\b"],
  ["(?i)FOO"],
  ["foo|bar"],
  ["(foo|bar)="],
  ["(?:foo|bar)="],
  ["\\d+"],
  ["\\d{2,3}"],
  ["\\s+return"],
  ["^\\s*$"],
  ["^$"],
  ["\\w+@[\\w.-]+"],
  ["a.b"],
  ["a\\.b"],
  ["a\\*b"],
  ["\\(foo\\)"],
  ["\\[foo\\]"],
  ["[\\[(]foo[\\])]"],
  ["foo\\{2\\}"],
  ["foo{2}"],
  ["foo{"],
  ["x\\|y"],
  ["back\\\\slash"],
  ["\\$HOME \\^caret"],
  ['"quoted"'],
  ["[\"']"],
  ["it's"],
  ["caf."],
  ["^.$"],
  ["^..$"],
  ["é"],
  ["[éü]"],
  ["日+本"],
  ["^\\w+$"],
  ["foo("],
  ["foo)"],
  ["[foo"],
  ["*foo"],
  ["foo()"],
  ["foo||bar"],
  ["-n"],
  ["--help"],
  ["\\x66oo"],
  ["[^\\x00-\\x7F]"],
  ["import .* from"],
  ["foo", "*.ts"],
  ["foo", "*.{ts,md}"],
  ["foo", "**/*.test.ts"],
  ["foo", "src/*.ts"],
  ["foo", "!*.ts"],
  ["foo", "it's*"],
  ["foo", ".*"],
  ["foo", "[a-f]*.ts"],
  ["foo", "{bad"],
  ["foo", "log-*"],
];
const globs = [
  "*",
  "**",
  "*.ts",
  "**/*.ts",
  "src/**",
  "/src/*.ts",
  "*.{ts,tsx}",
  ".*",
  ".hidden/**",
  "é*",
  "it's*",
  "a b/*",
  "-n",
  "log-*",
  "[a-m]*",
  "src/",
  "nope*",
];

test("ripgrep finds what is there", async () => {
  const found = await grep(ripgrep(), "^foo");
  expect(found).toEqual(
    [
      "-n:1:foo\n",
      ".env:2:foo=1\n",
      ".hidden/config.ts:1:foo = 'hidden'\n",
      "README.md:3:foo and foobar\n",
      "a b/it's $(id).ts:1:foo\n",
      "crlf.txt:1:foo\r\n",
      "log-10:20:30.txt:1:foo at 10:20:30\n",
      "special.txt:6:foo{2}\n",
    ].sort(),
  );
});

describe.each(shells)("under %s", (_name, command) => {
  test("ripgrep answers alike", async () => {
    expect(await grep(over(command), "foo", "*.ts")).toEqual(await grep(ripgrep(), "foo", "*.ts"));
    expect(await glob(over(command), "**/*.ts")).toEqual(await glob(ripgrep(), "**/*.ts"));
  });

  test("a directory that is missing, a file or closed is told", async () => {
    for (const path of [undefined, paths.system]) {
      const search = over(command, path);
      const at = (name: string) => ({ dir: remotePath(name, root), pattern: "x", limit });
      await expect(search.grep(at("nope"))).rejects.toMatchObject({ code: "not_found" });
      await expect(search.glob(at("README.md"))).rejects.toMatchObject({ code: "not_a_directory" });
    }
  });

  describe.each(["system", "busybox"] as const)("with the tools of %s and no ripgrep", (tools) => {
    const search = () => over(command, paths[tools]);

    test.each(patterns)("grep for %j in %j is ripgrep's answer, or refused", async (pattern, include) => {
      const found = await grep(search(), pattern, include);
      if (found !== "unsupported") expect(found).toEqual(await grep(ripgrep(), pattern, include));
    });

    test.each(globs)("glob of %j is ripgrep's answer", async (pattern) => {
      expect(await glob(search(), pattern)).toEqual(await glob(ripgrep(), pattern));
    });

    test.each(["foo", "foo|bar", "\\d+", "a\\.b", "[a-z.-]+@", "(?:foo|bar)=", "\\[foo\\]"])(
      "%j is not refused",
      async (pattern) => {
        expect((await grep(search(), pattern)).length).toBeGreaterThan(0);
        expect(await grep(search(), pattern)).not.toBe("unsupported");
      },
    );

    test("results are cut at the limit, and say so", async () => {
      const few = await search().grep({ dir: root, pattern: "foo", limit: 3 });
      expect([few.matches.length, few.truncated]).toEqual([3, true]);
      const some = await search().glob({ dir: root, pattern: "*.ts", limit: 2 });
      expect([some.paths.length, some.truncated]).toEqual([2, true]);
      const all = await search().glob({ dir: root, pattern: "*.tsx", limit: 1 });
      expect([all.paths.length, all.truncated]).toEqual([1, false]);
    });
  });
});

test("a name with a newline is one name", async () => {
  const name = "two\nlines.ts";
  const inside = remotePath(join(dir, "newline"));
  await mkdir(inside);
  await writeFile(join(inside, name), "");
  for (const search of [ripgrep(), over(["dash"], paths.system), over(["busybox", "sh"], paths.busybox)]) {
    expect(await search.glob({ dir: inside, pattern: "*.ts", limit })).toEqual({
      paths: [remotePath(name, inside)],
      truncated: false,
    });
  }
});

test("ripgrep's own words tell what is wrong with a pattern", async () => {
  await expect(ripgrep().grep({ dir: root, pattern: "(", limit })).rejects.toThrow(/unclosed group/);
  await expect(ripgrep().glob({ dir: root, pattern: "[", limit })).rejects.toThrow(/unclosed character class/);
});

test("an abort passes through as its reason", async () => {
  const reason = new Error("stop");
  const query = { dir: root, pattern: "x", limit, signal: AbortSignal.abort(reason) };
  await expect(ripgrep().grep(query)).rejects.toBe(reason);
});

test("a search that was stopped is no result", async () => {
  for (const ended of ["timed-out", "signalled", "unknown"] as const) {
    const stdout = Buffer.from("rg\n./half\n");
    const exec = async () => ({ stdout, stderr: Buffer.alloc(0), ended, exitCode: undefined });
    const search = posixSearch({ exec }, () => "box");
    await expect(search.glob({ dir: root, pattern: "*", limit })).rejects.toBeInstanceOf(RemoteError);
  }
});
