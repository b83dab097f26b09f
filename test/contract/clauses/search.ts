import { expect, test } from "vitest";
import { relative } from "../../../src/remote/path.ts";
import type { GlobQuery, GrepQuery } from "../../../src/remote/search.ts";
import { type Fixture, useBed } from "../fixture.ts";

/** A small tree: code at two depths, a hidden file, and a repository's own directory. */
const tree = `mkdir -p src/deep .git/objects 'odd dir'
printf 'one\\ntwo needle\\nthree\\n' >src/a.ts
printf 'needle at once\\nno end' >src/deep/b.ts
printf 'needle\\n' >src/c.js
printf 'needle\\n' >top.ts
printf 'needle\\n' >.hidden.ts
printf 'needle\\n' >.git/config.ts
printf 'needle\\n' >'odd dir/d e.ts'`;

export function searchClauses(fixture: Fixture): void {
  const bed = useBed(fixture);
  const glob = async (pattern: string, query: Partial<GlobQuery> = {}) => {
    const { paths, truncated } = await bed.host.search.glob({ dir: bed.dir, pattern, limit: 100, ...query });
    return { paths: paths.map((path) => relative(bed.dir, path)).sort(), truncated };
  };
  const grep = async (pattern: string, query: Partial<GrepQuery> = {}) => {
    const { matches, truncated } = await bed.host.search.grep({ dir: bed.dir, pattern, limit: 100, ...query });
    const found = matches.map(({ path, line, text }) => ({ path: relative(bed.dir, path), line, text }));
    return { matches: found.sort((a, b) => (a.path < b.path ? -1 : 1)), truncated };
  };

  test("a glob without a slash matches at any depth, hidden files too, but nothing in .git", async () => {
    await bed.sh(tree);
    expect(await glob("*.ts")).toEqual({
      paths: [".hidden.ts", "odd dir/d e.ts", "src/a.ts", "src/deep/b.ts", "top.ts"],
      truncated: false,
    });
  });

  test.each([
    ["src/*.ts", ["src/a.ts"]],
    ["src/**", ["src/a.ts", "src/c.js", "src/deep/b.ts"]],
    ["src/**/*.ts", ["src/a.ts", "src/deep/b.ts"]],
    ["**/deep/*", ["src/deep/b.ts"]],
    ["*.{js,rs}", ["src/c.js"]],
    ["?.js", ["src/c.js"]],
    ["d e.*", ["odd dir/d e.ts"]],
    ["*.py", []],
  ])("the glob %s", async (pattern, paths) => {
    await bed.sh(tree);
    expect(await glob(pattern)).toEqual({ paths, truncated: false });
  });

  test("a search begins in the directory it is given", async () => {
    await bed.sh(tree);
    const dir = bed.at("src");
    expect((await glob("*.ts", { dir })).paths).toEqual(["src/a.ts", "src/deep/b.ts"]);
    expect((await grep("once", { dir })).matches.map((match) => match.path)).toEqual(["src/deep/b.ts"]);
  });

  test("more results than the limit: as many as the limit, and it says so", async () => {
    await bed.sh(tree);
    const few = await glob("*.ts", { limit: 2 });
    expect([few.paths.length, few.truncated]).toEqual([2, true]);
    expect(await glob("*.ts", { limit: 5 })).toMatchObject({ truncated: false });
    const found = await grep("needle", { limit: 2 });
    expect([found.matches.length, found.truncated]).toEqual([2, true]);
    expect((await grep("needle", { limit: 6 })).truncated).toBe(false);
  });

  test("grep tells path, line number and the line with its newline", async () => {
    await bed.sh(tree);
    expect(await grep("needle")).toEqual({
      matches: [
        { path: ".hidden.ts", line: 1, text: "needle\n" },
        { path: "odd dir/d e.ts", line: 1, text: "needle\n" },
        { path: "src/a.ts", line: 2, text: "two needle\n" },
        { path: "src/c.js", line: 1, text: "needle\n" },
        { path: "src/deep/b.ts", line: 1, text: "needle at once\n" },
        { path: "top.ts", line: 1, text: "needle\n" },
      ],
      truncated: false,
    });
  });

  test("grep takes an include and a regular expression", async () => {
    await bed.sh(tree);
    expect((await grep("needle", { include: "*.js" })).matches.map((match) => match.path)).toEqual(["src/c.js"]);
    expect((await grep("^needle$", { include: "*.{js,rs}" })).matches).toHaveLength(1);
    expect((await grep("t[wh]\\w+", { include: "a.ts" })).matches.map((match) => match.line)).toEqual([2, 3]);
  });

  test("grep takes patterns that look like options, quotes and UTF-8", async () => {
    await bed.sh("cat >f", { stdin: Buffer.from('--version\nit\'s "q" $(id)\nÁÈ€ end\n') });
    expect((await grep("--version")).matches).toEqual([{ path: "f", line: 1, text: "--version\n" }]);
    expect((await grep(`it's "q" \\$\\(id\\)`)).matches).toMatchObject([{ line: 2 }]);
    expect((await grep("ÁÈ€")).matches).toEqual([{ path: "f", line: 3, text: "ÁÈ€ end\n" }]);
  });

  test("nothing found is an empty answer", async () => {
    await bed.sh(tree);
    expect(await grep("no such words")).toEqual({ matches: [], truncated: false });
    expect(await glob("*")).toMatchObject({ truncated: false });
    await bed.sh("rm -r src .git 'odd dir' top.ts .hidden.ts");
    expect(await grep("needle")).toEqual({ matches: [], truncated: false });
    expect(await glob("*")).toEqual({ paths: [], truncated: false });
  });

  test("a missing directory is not_found and a file is not_a_directory", async () => {
    await bed.put("f", "needle");
    for (const search of [glob, grep]) {
      await expect(search("needle", { dir: bed.at("no") })).rejects.toMatchObject({ code: "not_found" });
      await expect(search("needle", { dir: bed.at("f") })).rejects.toMatchObject({ code: "not_a_directory" });
    }
  });

  test("an aborted search rejects with the reason", async () => {
    const reason = new Error("not wanted any more");
    await expect(glob("*", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect(grep("x", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
}
