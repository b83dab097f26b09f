import { expect, test } from "vitest";
import { publishStatus, publishTrouble } from "../../../src/plugin/publish-status.ts";
import type { HostState } from "../../../src/remote/host.ts";
import { askForStatus, decodeStatus } from "../../../src/status/status.ts";

/** What the TUI plugin would receive, and a remote whose state the test sets. */
function bench(ready: () => Promise<{ root: string }>) {
  const told: unknown[] = [];
  const client = {
    tui: {
      publish: async ({ body }: { body: { properties: { command: string } } }) => {
        told.push(decodeStatus(body.properties.command));
        return {};
      },
    },
  };
  let listener: (state: HostState) => void = () => {};
  const host = {
    identity: { user: "dev", host: "box", port: 2222 },
    state: { kind: "idle" } as HostState,
    onState(next: typeof listener) {
      listener = next;
      return () => {};
    },
  };
  const set = (state: HostState) => {
    host.state = state;
    listener(state);
  };
  const status = publishStatus(client as never, { host, workspace: { ready } } as never, undefined);
  return { told, status, set, client };
}

const connected: HostState = { kind: "connected", hostKey: "SHA256:x", notices: [] };
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("each change is told, and the directory once it is known", async () => {
  const { told, set, status } = bench(async () => ({ root: "/home/dev" }));
  set({ kind: "connecting" });
  set(connected);
  await settled();
  const machine = "dev@box:2222";
  expect(told).toEqual([
    { machine, path: "~", state: "connecting" },
    { machine, path: "~", state: "connected" },
    { machine, path: "/home/dev", state: "connected" },
  ]);
  status.onCommand(askForStatus());
  status.onCommand("something else");
  expect(told).toHaveLength(4);
});

test("a working directory that cannot be used is a failure, also for who asks later", async () => {
  const { told, set, status } = bench(async () => {
    throw new Error("The working directory \x1b[31m/x does not exist.");
  });
  set(connected);
  await settled();
  const failed = { state: "failed", reason: "The working directory /x does not exist." };
  expect(told.at(-1)).toMatchObject(failed);
  status.onCommand(askForStatus());
  expect(told.at(-1)).toMatchObject(failed);
});

test("a plugin that cannot work answers with its reason", () => {
  const { told, client } = bench(async () => ({ root: "/" }));
  publishTrouble(client as never, "REMOTE_SSH names no host.").onCommand(askForStatus());
  expect(told).toEqual([{ machine: "", path: "", state: "failed", reason: "REMOTE_SSH names no host." }]);
});
