import { expect, test } from "vitest";
import type { HostState } from "../../../src/remote/host.ts";
import { deferred } from "../../../src/util/deferred.ts";
import { asText, type Fixture, maxBytes } from "../fixture.ts";

export function lifeClauses(fixture: Fixture): void {
  const closed = { code: "closed" };

  test("a host is idle until it is asked to connect, and tells each change of state", async () => {
    await using place = await fixture.start();
    const { host } = place;
    expect(host.state).toEqual({ kind: "idle" });
    const seen: HostState["kind"][] = [];
    const off = host.onState((state) => seen.push(state.kind));
    await host.connect();
    expect(host.state.kind).toBe("connected");
    expect(seen.slice(0, 2)).toEqual(["connecting", "connected"]);
    expect(host.state.kind === "connected" && host.state.hostKey).toBeTruthy();
    off();
  });

  test("the first call connects by itself, and first calls at once share one connection", async () => {
    await using place = await fixture.start();
    const { host, root } = place;
    let connections = 0;
    host.onState((state) => {
      if (state.kind === "connecting") connections++;
    });
    const [said, listed] = await Promise.all([
      host.shell.exec("echo hello"),
      host.files.list(root),
      host.connect(),
      host.connect(),
    ]);
    await host.connect();
    expect(asText(said).stdout).toBe("hello\n");
    expect(listed).toEqual([]);
    expect(connections).toBe(1);
  });

  test("an unsubscribed listener hears nothing", async () => {
    await using place = await fixture.start();
    let heard = 0;
    place.host.onState(() => heard++)();
    await place.host.connect();
    expect(heard).toBe(0);
  });

  test("connect with an aborted signal rejects with the reason and the host stays usable", async () => {
    await using place = await fixture.start();
    const reason = new Error("not wanted any more");
    await expect(place.host.connect(AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(asText(await place.host.shell.exec("echo ok")).stdout).toBe("ok\n");
  });

  test("the identity says who and where", async () => {
    await using place = await fixture.start();
    await place.host.connect();
    const { user, host, port } = place.host.identity;
    expect([typeof user, typeof host, Number.isInteger(port)]).toEqual(["string", "string", true]);
  });

  test("after disposal every call rejects with closed, and disposing again is harmless", async () => {
    await using place = await fixture.start();
    const { host, root } = place;
    await host.connect();
    await host[Symbol.asyncDispose]();
    await host[Symbol.asyncDispose]();
    await expect(host.connect()).rejects.toMatchObject(closed);
    await expect(host.shell.exec("true")).rejects.toMatchObject(closed);
    await expect(host.files.read(root, { maxBytes })).rejects.toMatchObject(closed);
    await expect(host.files.stat(root)).rejects.toMatchObject(closed);
    await expect(host.search.glob({ dir: root, pattern: "*", limit: 1 })).rejects.toMatchObject(closed);
  });

  test("a host that never connected is disposed without connecting", async () => {
    await using place = await fixture.start();
    const seen: HostState["kind"][] = [];
    place.host.onState((state) => seen.push(state.kind));
    await place.host[Symbol.asyncDispose]();
    await expect(place.host.shell.exec("true")).rejects.toMatchObject(closed);
    expect(seen).toEqual([]);
  });

  test("disposal settles what is pending: a running command, and a call that waits for the connection", async () => {
    await using running = await fixture.start();
    const started = deferred<void>();
    const command = running.host.shell.exec("echo started; sleep 30", { onOutput: () => started.resolve() });
    await started.promise;
    const before = Date.now();
    await running.host[Symbol.asyncDispose]();
    const result = asText(await command);
    expect(result).toEqual({ stdout: "started\n", stderr: "", ended: "aborted", exitCode: undefined });
    expect(Date.now() - before).toBeLessThan(5_000);

    await using waiting = await fixture.start();
    const call = waiting.host.shell.exec("echo x").then(
      () => "settled",
      (error: { code?: string }) => error.code,
    );
    await waiting.host[Symbol.asyncDispose]();
    expect(["closed", "settled"]).toContain(await call);
  });
}
