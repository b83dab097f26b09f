import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { type RemotePath, remotePath } from "../../../src/remote/path.ts";
import { mirrorPath } from "../../../src/sync/path-mapper.ts";

const mirror = "/m";
const root = remotePath("/srv/app");
const map = (path: string) => mirrorPath(mirror, root, remotePath(path));

/** What the most forgetful local file system would take for one name: case and Unicode form folded, blanks and dots cut. */
const merged = (path: string) =>
  path
    .split("/")
    .map((part) =>
      part
        .normalize("NFKC")
        .toLowerCase()
        .replace(/[. ]+$/, ""),
    )
    .join("/");

/** Names that Windows cannot hold, by its documented rules. */
const windowsRefuses = (name: string) =>
  /[<>:"|?*\\\x00-\x1f]/.test(name) || /[. ]$/.test(name) || /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(name);

const fixed = [
  "README",
  "readme",
  "Readme",
  "\u00e9",
  "e\u0301",
  "\u212b",
  "\u00c5",
  "\ufb01",
  "fi",
  "con",
  "CON",
  "con.txt",
  "conx",
  "%63on",
  "aux.",
  "aux",
  "nul ",
  "lpt1",
  "com9.tar.gz",
  "com\u00b9",
  "conin$",
  "a.",
  "a..",
  "a",
  "a ",
  " a",
  "%41",
  "A",
  "%",
  "%25",
  "a:b",
  "a\\b",
  "new\nline",
  "tab\t",
  "\x1b[31m",
  "*",
  "?",
  "~",
  "-n",
  "$(id)",
  "it's",
  "fa",
  "da",
  "f",
  "d",
  "n".repeat(255),
  `${"n".repeat(254)}m`,
  "N".repeat(255),
  "é".repeat(127),
  "😀".repeat(63),
  "😀",
  "ß",
  "ss",
  "ı",
  "i",
  "İ",
  "\ufeff",
];

/** Numbers from 0 up to `below`; the same on every run, so that a failure can be run again. */
function dice(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function randomNames(count: number): string[] {
  const roll = dice(20240229);
  const alphabet = [
    "a",
    "A",
    "b",
    "e\u0301",
    "\u00e9",
    ".",
    " ",
    "%",
    "~",
    "4",
    "1",
    "E",
    "\n",
    ":",
    "con",
    "K",
    "\u212a",
    "-",
    "😀",
    "ß",
  ];
  return Array.from({ length: count }, () => {
    const length = 1 + roll(roll(10) === 0 ? 90 : 6);
    return Array.from({ length }, () => alphabet[roll(alphabet.length)] ?? "").join("");
  }).filter((name) => name !== "." && name !== ".." && Buffer.byteLength(name) <= 255);
}

describe("two remote paths never share a mirror file", () => {
  const names = [...new Set([...fixed, ...randomNames(4_000)])];
  const paths = names.flatMap((name) => [`/srv/app/${name}`, `/srv/app/${name}/x`, `/srv/app/x/${name}`, `/${name}`]);

  test("not even where case, Unicode form or final dots are lost", () => {
    const seen = new Map<string, string>();
    for (const path of new Set(paths)) {
      const local = merged(map(path));
      const other = seen.get(local);
      expect(other && [other, path], local).toBeUndefined();
      seen.set(local, path);
    }
    expect(seen.size).toBe(new Set(paths).size);
  });

  test("and no name is one that a local file system refuses", () => {
    for (const path of paths) {
      for (const name of map(path).split("/").filter(Boolean)) {
        expect(Buffer.byteLength(name), path).toBeLessThanOrEqual(255);
        expect(windowsRefuses(name), `${path} -> ${name}`).toBe(false);
        expect([".", ".."]).not.toContain(name);
      }
    }
  });

  test("nor does a mirror file stand where the directory of another must be", () => {
    const files = new Set(paths.map((path) => merged(map(path))));
    for (const path of paths) {
      for (let dir = dirname(map(path)); dir !== mirror; dir = dirname(dir)) {
        expect(files.has(merged(dir)), `${path}: ${dir}`).toBe(false);
      }
    }
  });
});

test("inside and outside are kept apart, whatever they are called", () => {
  expect(map("/srv/app/a")).toBe("/m/root/fa");
  expect(map("/srv/apple")).toMatch(/^\/m\/outside\//);
  expect(map("/root/a")).toMatch(/^\/m\/outside\//);
  expect(map("/srv/app/../outside")).toMatch(/^\/m\/outside\//);
  expect(map("/srv/app")).toBe("/m/root/f");
  expect(map("/")).toBe("/m/outside/f");
});

test("with the root directory as workspace everything is inside", () => {
  const at = (path: string) => mirrorPath(mirror, remotePath("/"), remotePath(path));
  expect(at("/etc/passwd")).toBe("/m/root/detc/fpasswd");
});

test("a file that becomes a directory finds its new name free", async () => {
  const dir = await mkdtemp(join(tmpdir(), "rc-mapper-"));
  try {
    const put = async (path: RemotePath) => {
      const local = mirrorPath(dir, root, path);
      await mkdir(dirname(local), { recursive: true });
      await writeFile(local, path);
      return local;
    };
    const names = ["/srv/app/x", "/srv/app/x/y", "/srv/app/x/y/z", `/srv/app/${"n".repeat(255)}/f`].map((path) =>
      remotePath(path),
    );
    const locals: string[] = [];
    for (const name of names) locals.push(await put(name));
    for (const [i, local] of locals.entries()) expect(await readFile(local, "utf8")).toBe(names[i]);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
