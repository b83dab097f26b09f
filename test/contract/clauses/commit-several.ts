import { expect, test } from "vitest";
import { bytesOf, type Fixture, useBed } from "../fixture.ts";

/** Several files in one commit, and several commits at once. */
export function severalClauses(fixture: Fixture): void {
  const bed = useBed(fixture);
  const conflict = { code: "conflict" };

  test("several files in one commit: create, replace, empty, delete", async () => {
    const [change, gone] = [await bed.put("change", "1"), await bed.put("gone", "2")];
    const done = await bed.commit(
      { kind: "write", path: bed.at("new/n"), content: bytesOf("N\n\n"), baseline: "absent", createParents: true },
      { kind: "write", path: bed.at("change"), content: bytesOf("CC"), baseline: change },
      { kind: "write", path: bed.at("empty"), content: bytesOf(""), baseline: "absent" },
      { kind: "delete", path: bed.at("gone"), baseline: gone },
    );
    expect(done.map((each) => each.baseline?.size)).toEqual([3, 2, 0, undefined]);
    expect(done[1]?.baseline).toEqual(await bed.baseline("change"));
    expect(await bed.text("new/n")).toBe("N\n\n");
    expect(await bed.text("change")).toBe("CC");
    expect(await bed.text("empty")).toBe("");
    expect(await bed.names()).toEqual(["change", "empty", "new"]);
  });

  test("a conflict in the last of several files leaves all of them untouched", async () => {
    const [a, b] = [await bed.put("a", "1"), await bed.put("b", "2")];
    await bed.sh("printf 3 >b");
    const refused = bed.commit(
      { kind: "write", path: bed.at("a"), content: bytesOf("A"), baseline: a },
      { kind: "write", path: bed.at("n"), content: bytesOf("N"), baseline: "absent" },
      { kind: "write", path: bed.at("b"), content: bytesOf("B"), baseline: b },
    );
    await expect(refused).rejects.toMatchObject(conflict);
    expect([await bed.text("a"), await bed.text("b"), ...(await bed.names())]).toEqual(["1", "3", "a", "b"]);
  });

  test("a failure after the first change puts everything back", async () => {
    const [a, gone] = [await bed.put("a", "1"), await bed.put("d/x", "2")];
    const create = { kind: "write" as const, path: bed.at("c"), baseline: "absent" as const };
    const refused = bed.commit(
      { kind: "write", path: bed.at("a"), content: bytesOf("A"), baseline: a },
      { kind: "delete", path: bed.at("d/x"), baseline: gone },
      { ...create, content: bytesOf("C") },
      // Once the first is there, the second cannot be created any more.
      { ...create, content: bytesOf("D") },
    );
    await expect(refused).rejects.toMatchObject(conflict);
    expect([await bed.text("a"), await bed.text("d/x"), ...(await bed.names())]).toEqual(["1", "2", "a", "d"]);
  });

  test("of commits that race on one baseline exactly one wins", async () => {
    for (let round = 0; round < 5; round++) {
      const baseline = await bed.put(`f${round}`, "old");
      const contents = ["one", "two", "six", "ten"];
      const results = await Promise.allSettled(contents.map((content) => bed.save(`f${round}`, content, baseline)));
      const won = contents.filter((_, i) => results[i]?.status === "fulfilled");
      expect(won).toHaveLength(1);
      expect(await bed.text(`f${round}`)).toBe(won[0]);
      for (const result of results) if (result.status === "rejected") expect(result.reason).toMatchObject(conflict);
    }
    expect((await bed.names()).length).toBe(5);
  });

  test("of commits that race to create one file exactly one wins", async () => {
    const results = await Promise.allSettled(["1", "2", "3"].map((content) => bed.save("f", content, "absent")));
    expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
    expect(await bed.names()).toEqual(["f"]);
  });
}
