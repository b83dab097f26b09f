import { expect, test } from "vitest";
import { remotePath } from "../../src/remote/path.ts";
import { deferred } from "../../src/util/deferred.ts";
import { createMemoryHost } from "../support/memory-host.ts";
import { remoteHostContract } from "./suite.ts";

remoteHostContract("memory", {
  async start() {
    const host = createMemoryHost();
    const root = remotePath("/work");
    await host.fs.mkdir(root);
    return { host, root, [Symbol.asyncDispose]: () => host[Symbol.asyncDispose]() };
  },
  lacks: {
    processes: "just-bash runs everything in one interpreter, without process ids, kill or trap",
    background: "just-bash runs `cmd &` to its end before it goes on",
    "printf-bytes": "just-bash's printf writes \\377 as the UTF-8 of U+00FF",
  },
});

test("a memory host whose link is dropped ends what runs as unknown, and the next call connects again", async () => {
  await using host = createMemoryHost();
  const started = deferred<void>();
  const running = host.shell.exec("echo started; sleep 30", { onOutput: () => started.resolve() });
  await started.promise;
  host.drop();
  expect(await running).toMatchObject({ ended: "unknown", exitCode: undefined });
  expect(host.state.kind).toBe("failed");
  expect((await host.shell.exec("exit 4")).exitCode).toBe(4);
  expect(host.state.kind).toBe("connected");
});
