import { expect, test } from "vitest";
import { remotePath } from "../../../src/remote/path.ts";
import { type Fixture, maxBytes, nastyNames, useBed } from "../fixture.ts";

export function filesClauses(fixture: Fixture): void {
  const bed = useBed(fixture);

  test("reads a file: content, stat and real path in one answer", async () => {
    await bed.put("f", "hello\n");
    await bed.sh("chmod 640 f");
    const found = await bed.host.files.read(bed.at("f"), { maxBytes });
    if (found.kind !== "file") throw new Error(found.kind);
    expect(Buffer.from(found.content).toString()).toBe("hello\n");
    expect(found.stat).toMatchObject({ type: "file", size: 6, mode: 0o640, links: 1 });
    expect(found.stat).toEqual(await bed.host.files.stat(bed.at("f")));
    expect(found.realPath).toBe(await bed.host.files.realpath(bed.at("f")));
    expect(Math.abs(found.stat.mtime - Date.now() / 1000)).toBeLessThan(60);
  });

  test("a file whose token is known answers unchanged, any other token gets the content", async () => {
    await bed.put("f", "1");
    const token = (await bed.host.files.stat(bed.at("f")))?.token;
    expect(await bed.host.files.read(bed.at("f"), { known: token, maxBytes })).toMatchObject({ kind: "unchanged" });
    expect(await bed.host.files.read(bed.at("f"), { known: "other", maxBytes })).toMatchObject({ kind: "file" });
  });

  test.each([
    ["another content of the same size", "printf 2 >f"],
    ["the same content written again", "printf 1 >f"],
    ["a change of mode", "chmod 600 f"],
    ["a replacement by rename", "printf 1 >g; mv g f"],
  ])("the token is another one after %s", async (_what, script) => {
    await bed.put("f", "1");
    const token = (await bed.host.files.stat(bed.at("f")))?.token;
    await bed.sh(script);
    const now = await bed.host.files.read(bed.at("f"), { known: token, maxBytes });
    expect(now.kind).toBe("file");
  });

  test("absence is a value", async () => {
    const path = bed.at("no/such/file");
    expect(await bed.host.files.read(path, { maxBytes })).toEqual({ kind: "absent" });
    expect(await bed.host.files.stat(path)).toBeUndefined();
    expect(await bed.host.files.realpath(path)).toBeUndefined();
    await expect(bed.host.files.list(path)).rejects.toMatchObject({ code: "not_found" });
  });

  test("a path below a file is not_a_directory to read and absent to stat", async () => {
    await bed.put("f", "x");
    await expect(bed.host.files.read(bed.at("f/g"), { maxBytes })).rejects.toMatchObject({ code: "not_a_directory" });
    expect(await bed.host.files.stat(bed.at("f/g"))).toBeUndefined();
    await expect(bed.host.files.list(bed.at("f"))).rejects.toMatchObject({ code: "not_a_directory" });
  });

  test("a link to nothing is absent to stat and not_found to read", async () => {
    await bed.sh("ln -s nowhere l");
    expect(await bed.host.files.stat(bed.at("l"))).toBeUndefined();
    await expect(bed.host.files.read(bed.at("l"), { maxBytes })).rejects.toMatchObject({ code: "not_found" });
  });

  test("a directory answers with its entries: kinds, links and hidden ones, not the content below", async () => {
    await bed.sh(
      "mkdir d d/sub; printf x >d/file; printf x >d/.hidden; ln -s file d/lf; ln -s sub d/ld; ln -s no d/l0",
    );
    await bed.sh("printf x >d/sub/deep");
    const found = await bed.host.files.read(bed.at("d"), { maxBytes });
    if (found.kind !== "directory") throw new Error(found.kind);
    const entries = [...found.entries].sort((a, b) => (a.name < b.name ? -1 : 1));
    expect(entries).toEqual([
      { name: ".hidden", type: "file", directory: false },
      { name: "file", type: "file", directory: false },
      { name: "l0", type: "link", directory: false },
      { name: "ld", type: "link", directory: true },
      { name: "lf", type: "link", directory: false },
      { name: "sub", type: "directory", directory: true },
    ]);
    expect(found.path).toBe(await bed.host.files.realpath(bed.at("d")));
    expect((await bed.host.files.list(bed.at("d"))).map((entry) => entry.name).sort()).toEqual(
      entries.map((entry) => entry.name),
    );
    expect(await bed.host.files.stat(bed.at("d"))).toMatchObject({ type: "directory" });
  });

  test("an empty directory has no entries", async () => {
    expect(await bed.host.files.list(bed.dir)).toEqual([]);
  });

  test("a device is not_regular and is not read", async () => {
    const path = remotePath("/dev/null");
    await expect(bed.host.files.read(path, { maxBytes })).rejects.toMatchObject({ code: "not_regular" });
    expect(await bed.host.files.stat(path)).toMatchObject({ type: "other" });
  });

  test("a file above maxBytes is too_large; one of just that size is read", async () => {
    await bed.put("f", "12345");
    await expect(bed.host.files.read(bed.at("f"), { maxBytes: 4 })).rejects.toMatchObject({ code: "too_large" });
    expect(await bed.host.files.read(bed.at("f"), { maxBytes: 5 })).toMatchObject({ kind: "file" });
  });

  test("symlinks are followed, chains too, and realpath tells where they lead", async () => {
    await bed.sh("mkdir real; printf x >real/f; ln -s real dir; ln -s dir/f one; ln -s one two");
    expect(await bed.text("two")).toBe("x");
    const real = await bed.host.files.realpath(bed.at("real/f"));
    expect(await bed.host.files.realpath(bed.at("two"))).toBe(real);
    expect(await bed.host.files.read(bed.at("two"), { maxBytes })).toMatchObject({ realPath: real });
    expect(await bed.host.files.stat(bed.at("two"))).toEqual(await bed.host.files.stat(bed.at("real/f")));
  });

  test.each(nastyNames)("stats, lists, reads and resolves the name %j", async (name) => {
    await bed.sh('printf content >"./$N"', { env: { N: name } });
    expect(await bed.names()).toEqual([name]);
    expect(await bed.text(name)).toBe("content");
    expect(await bed.host.files.stat(bed.at(name))).toMatchObject({ size: 7 });
    expect(await bed.host.files.realpath(bed.at(name))).toBe(remotePath(name, await bed.host.files.realpath(bed.dir)));
  });

  test("20 reads at once each get their own file", async () => {
    const numbers = Array.from({ length: 20 }, (_, i) => i);
    await bed.sh(numbers.map((i) => `printf ${i} >f${i}`).join("\n"));
    expect(await Promise.all(numbers.map((i) => bed.text(`f${i}`)))).toEqual(numbers.map(String));
  });

  test("an aborted call rejects with the reason", async () => {
    const reason = new Error("not wanted any more");
    const signal = AbortSignal.abort(reason);
    await bed.put("f", "x");
    const { files } = bed.host;
    await expect(files.read(bed.at("f"), { maxBytes, signal })).rejects.toBe(reason);
    await expect(files.stat(bed.at("f"), { signal })).rejects.toBe(reason);
    const change = { kind: "delete" as const, path: bed.at("f"), baseline: await bed.baseline("f") };
    await expect(files.commit([change], { signal })).rejects.toBe(reason);
    expect(await bed.names()).toEqual(["f"]);
  });
}
