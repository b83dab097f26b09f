import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { sha256 } from "../../../src/remote/baseline.ts";
import { bytesOf, type Fixture, maxBytes, nastyNames, useBed } from "../fixture.ts";

export function commitClauses(fixture: Fixture): void {
  const bed = useBed(fixture);
  const conflict = { code: "conflict" };

  test("creates a file and answers with its next baseline", async () => {
    const baseline = await bed.put("f", "new\n");
    expect(await bed.text("f")).toBe("new\n");
    expect(baseline).toEqual(await bed.baseline("f"));
    expect(await bed.host.files.read(bed.at("f"), { known: baseline.token, maxBytes })).toMatchObject({
      kind: "unchanged",
    });
  });

  test("replaces a file, and the answered baseline serves for the next commit", async () => {
    const one = await bed.put("f", "1");
    const [two] = await bed.save("f", "22", one);
    if (!two?.baseline) throw new Error("no baseline");
    await bed.save("f", "333", two.baseline);
    expect(await bed.text("f")).toBe("333");
    expect(await bed.names()).toEqual(["f"]);
  });

  test("deletes a file and answers without a baseline", async () => {
    const baseline = await bed.put("f", "x");
    const path = bed.at("f");
    expect(await bed.commit({ kind: "delete", path, baseline })).toEqual([{ path, baseline: undefined }]);
    expect(await bed.names()).toEqual([]);
  });

  test("a delete takes the link, not what it leads to", async () => {
    await bed.put("f", "x");
    await bed.sh("ln -s f l");
    await bed.commit({ kind: "delete", path: bed.at("l"), baseline: await bed.baseline("l") });
    expect(await bed.names()).toEqual(["f"]);
    expect(await bed.text("f")).toBe("x");
  });

  test("nothing to change is no error", async () => {
    expect(await bed.commit()).toEqual([]);
  });

  test("a file that changed since is a conflict, also with the same size, and stays as it is", async () => {
    const baseline = await bed.put("f", "aaa");
    await bed.sh("printf bbb >f");
    await expect(bed.save("f", "ccc", baseline)).rejects.toMatchObject(conflict);
    await expect(bed.commit({ kind: "delete", path: bed.at("f"), baseline })).rejects.toMatchObject(conflict);
    expect(await bed.text("f")).toBe("bbb");
    expect(await bed.names()).toEqual(["f"]);
  });

  test("a file that was deleted since is a conflict and does not come back", async () => {
    const baseline = await bed.put("f", "aaa");
    await bed.sh("rm f");
    await expect(bed.save("f", "ccc", baseline)).rejects.toMatchObject(conflict);
    expect(await bed.names()).toEqual([]);
  });

  test("a file that became a directory since is not_regular and nothing is written into it", async () => {
    const baseline = await bed.put("f", "aaa");
    await bed.sh("rm f; mkdir f");
    await expect(bed.save("f", "ccc", baseline)).rejects.toMatchObject({ code: "not_regular" });
    expect(await bed.host.files.list(bed.at("f"))).toEqual([]);
  });

  test("content that is back to the baseline is no conflict, whatever its token", async () => {
    const baseline = await bed.put("f", "aaa");
    await bed.sh("printf bbb >f; printf aaa >f");
    await bed.save("f", "ccc", baseline);
    expect(await bed.text("f")).toBe("ccc");
  });

  test.each(["printf x >f", "mkdir f", "ln -s nowhere f"])(
    "creating never clobbers what is there (%s)",
    async (make) => {
      await bed.sh(make);
      const before = await bed.sh("ls -ld f | cut -c 1-10; cat f 2>/dev/null");
      await expect(bed.save("f", "new", "absent")).rejects.toMatchObject(conflict);
      expect(await bed.sh("ls -ld f | cut -c 1-10; cat f 2>/dev/null")).toEqual(before);
      expect(await bed.names()).toEqual(["f"]);
    },
  );

  test("missing parents are made only when asked for", async () => {
    const change = {
      kind: "write" as const,
      path: bed.at("a/b/c"),
      content: bytesOf("x"),
      baseline: "absent" as const,
    };
    await expect(bed.commit(change)).rejects.toMatchObject({ code: "not_found" });
    expect(await bed.names()).toEqual([]);
    await bed.commit({ ...change, createParents: true });
    expect(await bed.text("a/b/c")).toBe("x");
    expect((await bed.host.files.stat(bed.at("a/b")))?.mode).toBe((await bed.host.files.stat(bed.dir))?.mode);
  });

  test("a path below a file is not_a_directory", async () => {
    await bed.put("f", "x");
    await expect(bed.save("f/g", "y", "absent")).rejects.toMatchObject({ code: "not_a_directory" });
    expect(await bed.text("f")).toBe("x");
  });

  test.each([0o600, 0o640, 0o644, 0o755, 0o4755, 0o444])("keeps mode %o", async (mode) => {
    const old = await bed.put("f", "old");
    await bed.sh(`chmod ${mode.toString(8)} f`);
    // A file that not even its owner may write is refused, unless the account is root.
    const saved = await bed.save("f", "new", old).then(
      () => true,
      (error: { code?: string }) => error.code !== "permission_denied",
    );
    expect(await bed.text("f")).toBe(saved ? "new" : "old");
    expect(saved || mode === 0o444).toBe(true);
    expect((await bed.host.files.stat(bed.at("f")))?.mode).toBe(mode);
  });

  test("a created file has the mode that the account's mask gives", async () => {
    await bed.sh("printf x >plain");
    await bed.put("ours", "x");
    expect((await bed.host.files.stat(bed.at("ours")))?.mode).toBe((await bed.host.files.stat(bed.at("plain")))?.mode);
  });

  test("writes through symlinks: they stay and their target changes", async () => {
    await bed.sh("mkdir real; printf old >real/f; ln -s real/f one; ln -s one two");
    await bed.save("two", "new", await bed.baseline("two"));
    expect(await bed.text("real/f")).toBe("new");
    expect((await bed.sh("readlink one; readlink two; ls -A real")).stdout).toBe("real/f\none\nf\n");
  });

  test.each(nastyNames)("creates, replaces and deletes the name %j", async (name) => {
    const one = await bed.put(name, "1");
    await bed.save(name, "2", one);
    expect(await bed.names()).toEqual([name]);
    expect(await bed.text(name)).toBe("2");
    await bed.commit({ kind: "delete", path: bed.at(name), baseline: await bed.baseline(name) });
    expect(await bed.names()).toEqual([]);
  });

  test.each([0, 1, 32_767, 32_768, 32_769, 1 << 20])("%d bytes arrive and come back exact", async (size) => {
    const bytes = randomBytes(size);
    const one = await bed.put("f", bytes);
    expect(sha256(await bed.content("f"))).toBe(sha256(bytes));
    const other = randomBytes(size + 1);
    await bed.save("f", other, one);
    expect(sha256(await bed.content("f"))).toBe(sha256(other));
  });
}
