import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Prompter } from "../../../src/remote/prompter.ts";
import { connect } from "../../../src/ssh/connect.ts";
import { startHastyServer } from "../../support/hasty-server.ts";
import { person, startLoginServer } from "../../support/login-server.ts";
import { refusedLogin } from "../../support/refused-login.ts";
import { nowhere } from "../../support/ssh-target.ts";

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "rc-turn-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const sentence = (machine: string) =>
  `${machine} spoke of the login when it was not its turn, so it was offered nothing and the connection was closed; either its SSH server is broken or somebody is in between: ask its administrator.`;

test.each(["the login may begin", "you are logged in"] as const)(
  "%s, says a server before its key was accepted: it hears nothing, and no question stays open",
  async (what) => {
    await using server = await startHastyServer(what);
    const knownHosts = join(dir, `known_${server.port}`);
    await writeFile(knownHosts, "");
    const target = {
      ...nowhere,
      host: "box",
      port: server.port,
      user: "canary-user",
      password: "canary",
      knownHostsFiles: [knownHosts],
      strictHostKeyChecking: "ask" as const,
    };
    // A fast server is cut off before anybody is asked.
    let open = 0;
    const prompter: Prompter = {
      ask: (_question, signal) =>
        new Promise((_resolve, reject) => {
          open++;
          signal.addEventListener("abort", () => {
            open--;
            reject(signal.reason);
          });
        }),
    };
    const error = await refusedLogin(target, { prompter });
    expect([error.code, error.message]).toEqual(["protocol", sentence(`box port ${server.port}`)]);
    expect(open).toBe(0);
    expect(server.heard().toString("latin1")).not.toMatch(/canary|ssh-connection/);
    expect(await readFile(knownHosts, "utf8")).toBe("");
  },
);

test("a server that asks for a login after it let somebody in is offered nothing more, and the connection ends", async () => {
  let refuseAgain = () => {};
  await using server = await startLoginServer((context) => {
    const protocol: object = Reflect.get(context, "_protocol");
    refuseAgain = () => {
      Reflect.get(protocol, "_authsQueue").push("none");
      Reflect.apply(Reflect.get(protocol, "authFailure"), protocol, [["password"], false]);
    };
    context.accept();
  });
  const prompter = person("canary");
  await using connection = await connect({ ...server.target, password: "canary" }, { prompter });
  refuseAgain();
  expect((await connection.closed).message).toBe(sentence(`server port ${server.target.port}`));
  expect([server.requests, prompter.questions]).toEqual([["none"], []]);
});
