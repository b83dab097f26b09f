import { expect, test } from "vitest";
import { answerer } from "../../../src/openssh/answers.ts";
import type { ClientTarget } from "../../../src/openssh/target.ts";
import { RemoteError } from "../../../src/remote/error.ts";
import { person } from "../../support/login-server.ts";
import { clientTargetOf } from "../../support/openssh-place.ts";

const secret = "canary-5";

interface Circumstances {
  machineIsWrong?: boolean;
  namesAskers?: boolean;
}

function asking(overrides: Partial<ClientTarget>, answers: (string | undefined)[], how: Circumstances = {}) {
  const { machineIsWrong = false, namesAskers = true } = how;
  const place = { host: "box", port: 22, user: "me", knownHosts: "", clientKey: "/keys/own" };
  const target = clientTargetOf(place, { password: secret, passphrase: secret, hostName: "box.example", ...overrides });
  const prompter = person(...answers);
  const failures: RemoteError[] = [];
  const over = new AbortController();
  const answer = answerer({
    target,
    prompter,
    namesAskers,
    signal: new AbortController().signal,
    checkMachine: async () => {
      if (machineIsWrong) throw new RemoteError("host_key_changed", "Another machine.");
    },
    standStill: (work) => work(),
    fail: (reason) => {
      failures.push(reason);
      over.abort();
    },
    note: () => {},
  });
  const ask = (prompt: string, kind = "") => answer({ prompt, kind, signal: over.signal });
  return { ask, prompter, failures };
}

test.each([
  ["me@box's password: ", secret],
  ["me@BOX.example's password: ", secret],
  ["(me@box.example) Password: ", secret],
  ["Enter passphrase for key '/keys/own': ", secret],
  ["me@bastion's password: ", "typed"],
  ["other@box's password: ", "typed"],
  ["(me@bastion) Password: ", "typed"],
  ["(me@box) One-time password: ", "typed"],
  ["(me@box) Verification code: ", "typed"],
  ["Enter passphrase for key '/keys/of-the-bastion': ", "typed"],
  ["Enter PIN for ED25519-SK key /keys/sk: ", "typed"],
])("%s", async (prompt, expected) => {
  const { ask } = asking({ jumps: [{ host: "bastion" }] }, ["typed"]);
  expect(await ask(prompt)).toBe(expected);
});

test("a person is told which machine wants a password, so that nobody keeps a bastion's for the target", async () => {
  for (const [prompt, machine] of [
    ["me@box's password: ", "box port 22"],
    ["me@bastion's password: ", "me@bastion"],
  ] as const) {
    const { ask, prompter } = asking({ jumps: [{ host: "bastion" }], password: undefined }, ["typed"]);
    await ask(prompt);
    expect(prompter.questions).toMatchObject([{ kind: "password", machine }]);
  }
});

test("a question without a name gets the password only where nobody stands on the way", async () => {
  expect(await asking({}, ["typed"]).ask("Password: ")).toBe(secret);
  expect(await asking({ jumps: [{ host: "bastion" }] }, ["typed"]).ask("Password: ")).toBe("typed");
  expect(await asking({ proxyCommand: "nc" }, ["typed"]).ask("Password: ")).toBe("typed");
});

test("a client that does not say who asks gives the password away only where nobody stands on the way", async () => {
  const old = { namesAskers: false };
  expect(await asking({}, ["typed"], old).ask("me@box's password: ")).toBe(secret);
  for (const prompt of ["me@box's password: ", "(me@box) Password: "]) {
    expect(await asking({ jumps: [{ host: "bastion" }] }, ["typed"], old).ask(prompt)).toBe("typed");
  }
});

test("neither the target's secret nor a person's goes to a machine with another key", async () => {
  const { ask, prompter, failures } = asking({}, ["typed"], { machineIsWrong: true });
  expect(await ask("me@box's password: ")).toBeUndefined();
  expect(prompter.questions).toEqual([]);
  expect(failures).toMatchObject([{ code: "host_key_changed" }]);
});

test("a notice is shown and needs no answer, and no secret goes to it", async () => {
  const { ask, prompter, failures } = asking({}, [undefined]);
  await ask("Confirm user presence for key ED25519-SK SHA256:x", "none");
  expect(prompter.questions).toMatchObject([{ kind: "challenge" }]);
  expect(failures).toEqual([]);
});

test("control characters of a server never reach the person", async () => {
  const { ask, prompter } = asking({}, ["typed"]);
  await ask("(me@box) \x1b[2JCode\x07\r\nnow: ");
  expect(prompter.questions).toMatchObject([{ text: "(me@box)  [2JCode \nnow: " }]);
});
