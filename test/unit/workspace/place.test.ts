import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ExecResult } from "../../../src/remote/shell.ts";
import { findPlace } from "../../../src/workspace/place.ts";
import { localHost } from "../../support/local-host.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "rc-place-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe.each([
  ["dash", ["dash"]],
  ["bash", ["bash", "--norc"]],
  ["BusyBox", ["busybox", "sh"]],
])("under %s", (_name, shell) => {
  const host = () => localHost({ shell, home: dir });

  test("the working directory is what was named, the home is the account's", async () => {
    const work = join(dir, "a b's $(id)");
    await mkdir(work);
    expect(await findPlace(host(), work)).toEqual({ root: work, home: dir });
  });

  test("without a name it is the home", async () => {
    expect(await findPlace(host(), undefined)).toEqual({ root: dir, home: dir });
  });

  test("a link to a directory is taken by its own name", async () => {
    await mkdir(join(dir, "real"));
    await symlink("real", join(dir, "link"));
    expect((await findPlace(host(), `${dir}/./link/`)).root).toBe(join(dir, "link"));
  });

  test.each([
    ["nope", "not_found", "does not exist"],
    ["file", "not_a_directory", "is not a directory"],
    ["dangling", "not_found", "does not exist"],
  ])("%s is refused as %s, and the sentence says what to change", async (name, code, why) => {
    await writeFile(join(dir, "file"), "");
    await symlink("nowhere", join(dir, "dangling"));
    const path = join(dir, name);
    await expect(findPlace(host(), path)).rejects.toMatchObject({
      code,
      message: `The working directory ${path} on box ${why}; set REMOTE_WORKDIR to a directory that is there.`,
      data: { host: "box", path },
    });
  });
});

test("a directory that the account may not enter is refused", async () => {
  const closed = join(dir, "closed");
  await mkdir(closed, { mode: 0o700 });
  execFileSync("chmod", ["755", dir]);
  const host = localHost({ shell: ["setpriv", "--reuid=65534", "--clear-groups", "dash"], home: dir });
  await expect(findPlace(host, closed)).rejects.toThrow(/cannot be entered by this account/);
});

test.each<[string, string, Partial<ExecResult>]>([
  ["says nothing", "protocol", {}],
  ["talks of something else", "protocol", { stdout: Buffer.from("Welcome!\nhello\n") }],
  ["has no home", "protocol", { stdout: Buffer.from("\nok\n") }],
  ["was cut off", "connection_lost", { ended: "unknown", exitCode: undefined }],
  ["hangs", "connect_timeout", { ended: "timed-out", exitCode: undefined }],
])("an account that %s is told from a wrong directory", async (_what, code, answer) => {
  const host = localHost();
  const exec = async () => ({
    stdout: Buffer.alloc(0),
    stderr: Buffer.alloc(0),
    ended: "exited" as const,
    exitCode: 0,
    ...answer,
  });
  await expect(findPlace({ ...host, shell: { exec } }, undefined)).rejects.toMatchObject({ code });
});

test("an abort passes through as its reason", async () => {
  const reason = new Error("stop");
  await expect(findPlace(localHost(), dir, AbortSignal.abort(reason))).rejects.toBe(reason);
});
