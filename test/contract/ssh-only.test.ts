import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { remotePath } from "../../src/remote/path.ts";
import { maxMirrored } from "../../src/sync/engine.ts";
import { deferred } from "../../src/util/deferred.ts";
import { startDropbear } from "../support/dropbear.ts";
import { startSshPlace } from "../support/ssh-place.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { startSshd } from "../support/sshd.ts";
import { asText, maxBytes } from "./fixture.ts";

const servers: [string, () => Promise<SshServer>][] = [
  ["OpenSSH", () => startSshd({ shell: "/bin/sh" })],
  ["Dropbear", () => startDropbear()],
];

describe.each(servers)("what only a host over ssh has to keep: %s", (_name, start) => {
  test("one connection serves all calls", async () => {
    await using server = await start();
    await using place = await startSshPlace(server);
    await Promise.all([place.host.connect(), place.host.shell.exec("true"), place.host.files.list(place.root)]);
    await place.host.connect();
    expect(connections(server)).toBe(1);
  });

  test("after the server was restarted the next call connects again and works", async () => {
    await using server = await start();
    await using place = await startSshPlace(server);
    expect(asText(await place.host.shell.exec("echo one")).stdout).toBe("one\n");
    const failed = deferred<void>();
    place.host.onState((state) => state.kind === "failed" && failed.resolve());
    await server.restart();
    await failed.promise;
    expect(asText(await place.host.shell.exec("echo two")).stdout).toBe("two\n");
    expect(place.host.state.kind).toBe("connected");
  });

  test("background children that hold their channels never use up the channels", async () => {
    await using server = await start();
    await using place = await startSshPlace(server);
    for (let i = 0; i < 14; i++) {
      expect(asText(await place.host.shell.exec("sleep 20 & echo ok")).stdout).toBe("ok\n");
    }
    expect(await place.host.files.list(place.root)).toEqual([]);
  });

  test("a file of exactly the largest size is read whole, one byte more is refused", async () => {
    await using server = await start();
    await using place = await startSshPlace(server);
    const { shell, files } = place.host;
    const path = remotePath("large", place.root);
    const size = (bytes: number) =>
      shell.exec(`dd if=/dev/null of=large bs=1 seek=${bytes} 2>/dev/null`, { cwd: place.root });
    await size(maxMirrored);
    const read = await files.read(path, { maxBytes: maxMirrored });
    expect(read.kind === "file" && read.content.length).toBe(maxMirrored);
    await size(maxMirrored + 1);
    await expect(files.read(path, { maxBytes: maxMirrored })).rejects.toMatchObject({ code: "too_large" });
  });

  test("a link that is lost while a command runs ends it as unknown, and the next call works", async () => {
    await using server = await start();
    await using place = await startSshPlace(server);
    const { host, root: dir } = place;
    const started = deferred<void>();
    const script = "echo ran >>runs; echo started; sleep 300";
    const running = host.shell.exec(script, { cwd: dir, onOutput: () => started.resolve() });
    await started.promise;
    const waiting = host.shell.exec("sleep 3");
    cut(server);
    expect(asText(await running)).toEqual({ stdout: "started\n", stderr: "", ended: "unknown", exitCode: undefined });
    const other = await waiting.then(
      (result) => result.ended,
      (error: { code?: string }) => error.code,
    );
    // What certainly was not sent runs on the next connection.
    expect(["unknown", "exited"]).toContain(other);
    const runs = await host.files.read(remotePath("runs", dir), { maxBytes });
    expect(runs.kind === "file" && Buffer.from(runs.content).toString()).toBe("ran\n");
  });

  test("a commit whose answer is lost tells the truth: saved, or not, never in between", async () => {
    await using server = await start();
    await using place = await startSshPlace(server);
    const { host, root: dir } = place;
    await host.connect();
    for (const delayMs of [0, 2, 5, 10, 20, 40]) {
      const path = remotePath(`f${delayMs}`, dir);
      const content = Buffer.alloc(300_000, "x");
      const saving = host.files.commit([{ kind: "write", path, content, baseline: "absent" }]);
      const outcome = saving.then(
        () => "saved",
        (error: { code?: string }) => error.code,
      );
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      cut(server);
      const said = await outcome;
      const now = await host.files.read(path, { maxBytes });
      if (said === "saved") expect(now).toMatchObject({ kind: "file", stat: { size: content.length } });
      else expect(["connection_lost", "outcome_unknown"]).toContain(said);
      if (now.kind === "file") expect(Buffer.from(now.content).equals(content)).toBe(true);
    }
  });

  test("after disposal nothing of ours is left on the remote", async () => {
    await using server = await start();
    const place = await startSshPlace(server);
    const { host, root: dir } = place;
    const path = remotePath("f", dir);
    await host.files.commit([{ kind: "write", path, content: Buffer.from("x"), baseline: "absent" }]);
    const started = deferred<void>();
    const script = "echo $$ >pid; echo started; exec sleep 300";
    const running = host.shell.exec(script, { cwd: dir, onOutput: () => started.resolve() });
    await started.promise;
    const marks = new RegExp(`IFS= read -r l|${readFileSync(`${dir}/pid`, "utf8").trim()} .*sleep 300`);
    expect(processes(server).join("\n")).toMatch(marks);

    await host[Symbol.asyncDispose]();
    await running;
    expect(readdirSync(dir).filter((name) => name.startsWith(".rc-"))).toEqual([]);
    for (let until = Date.now() + 10_000; Date.now() < until && ours(server, marks).length; ) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(ours(server, marks)).toEqual([]);
    await place[Symbol.asyncDispose]();
  });
});

/** Cuts the link as a network does: the servers of the connections die, what they started does not. */
const cut = (server: SshServer): void => server.dropConnections();

/** The listener forks once for each connection. */
const connections = (server: SshServer): number => server.sessionPids().length;

/** `pid command line` of each living process of the server's account. */
function processes(server: SshServer): string[] {
  // An account without processes is an error to ps.
  const { stdout } = spawnSync("ps", ["-u", server.user, "-o", "stat=,pid=,args="], { encoding: "utf8" });
  const rows = stdout.split("\n");
  return rows.filter((row) => row && !row.startsWith("Z")).map((row) => row.replace(/^\S+\s+/, ""));
}

const ours = (server: SshServer, marks: RegExp): string[] => processes(server).filter((row) => marks.test(row));
