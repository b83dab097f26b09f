import { describe, expect, test } from "vitest";
import type { Prompter, Question } from "../../../src/remote/prompter.ts";
import { remembering } from "../../../src/ssh/remember.ts";
import { deferred } from "../../../src/util/deferred.ts";
import { person } from "../../support/login-server.ts";

const { signal } = new AbortController();
const machine = "box port 22";
const password: Question = { kind: "password", machine, text: "Password" };
const passphrase: Question = { kind: "passphrase", machine, text: "Passphrase", file: "/keys/one" };
const code: Question = { kind: "challenge", machine, text: "Code:", echo: false };
const hostKey: Question = {
  kind: "host-key",
  machine,
  text: "Trust?",
  fingerprint: "SHA256:x",
  keyType: "ssh-ed25519",
};

describe("remembered answers", () => {
  test("are given again at the next login, without a question", async () => {
    const somebody = person("secret", "open sesame");
    const memory = remembering(somebody);
    const first = memory.login();
    expect(await first.ask(password, signal)).toBe("secret");
    expect(await first.ask(passphrase, signal)).toBe("open sesame");
    first.accepted();
    for (const next of [memory.login(), memory.login({ mayAsk: false })]) {
      expect(await next.ask(passphrase, signal)).toBe("open sesame");
      expect(await next.ask(password, signal)).toBe("secret");
    }
    expect(somebody.questions).toHaveLength(2);
  });

  test("are kept only once a login succeeded with them", async () => {
    const memory = remembering(person("wrong", "right"));
    await memory.login().ask(password, signal);
    expect(await memory.login().ask(password, signal)).toBe("right");
  });

  test("are wrong when the same is asked again within one login; then the person is asked, and the last answer counts", async () => {
    const memory = remembering(person("old", "new"));
    const first = memory.login();
    await first.ask(password, signal);
    first.accepted();
    const second = memory.login();
    expect(await second.ask(password, signal)).toBe("old");
    expect(await second.ask(password, signal)).toBe("new");
    second.accepted();
    expect(await memory.login().ask(password, signal)).toBe("new");
  });

  test("belong to one machine and one key", async () => {
    const memory = remembering(person("a", "b", "c", "d"));
    const login = memory.login();
    await login.ask(passphrase, signal);
    login.accepted();
    const next = memory.login();
    expect(await next.ask({ ...passphrase, file: "/keys/two" }, signal)).toBe("b");
    expect(await next.ask({ ...passphrase, machine: "other port 22" }, signal)).toBe("c");
    expect(await next.ask({ ...password, machine: "other port 22" }, signal)).toBe("d");
  });

  test("are not those of a jump host that is called like the target", async () => {
    const memory = remembering(person("the hop's", "the target's"));
    const hop: Question = { ...password, account: "admin@gate port 22" };
    const target: Question = { ...password, account: "dev@10.0.0.5 port 22" };
    const first = memory.login();
    for (const question of [hop, target]) await first.ask(question, signal);
    first.accepted();
    const next = memory.login({ mayAsk: false });
    expect(await next.ask(hop, signal)).toBe("the hop's");
    expect(await next.ask(target, signal)).toBe("the target's");
  });

  test.each([
    ["one-time codes", code],
    ["host keys", hostKey],
  ])("are never those to %s", async (_what, question) => {
    const memory = remembering(person("first", "second"));
    const login = memory.login();
    expect(await login.ask(question, signal)).toBe("first");
    login.accepted();
    expect(await memory.login({ mayAsk: false }).ask(question, signal)).toBeUndefined();
    expect(await memory.login().ask(question, signal)).toBe("second");
  });

  test("do not hold that nobody answered", async () => {
    const memory = remembering(person(undefined, "secret"));
    const login = memory.login();
    expect(await login.ask(password, signal)).toBeUndefined();
    login.accepted();
    expect(await memory.login({ mayAsk: false }).ask(password, signal)).toBeUndefined();
    expect(await memory.login().ask(password, signal)).toBe("secret");
  });
});

describe("a person", () => {
  test("is never asked by a login that may not", async () => {
    const somebody = person("secret");
    expect(await remembering(somebody).login({ mayAsk: false }).ask(password, signal)).toBeUndefined();
    expect(somebody.questions).toEqual([]);
  });

  /** Holds each question until the test answers it. */
  const patient = () => {
    const open: { question: Question; answer(text: string | undefined): void; fail(reason: unknown): void }[] = [];
    const prompter: Prompter = {
      ask(question) {
        const { promise, resolve, reject } = deferred<string | undefined>();
        open.push({ question, answer: resolve, fail: reject });
        return promise;
      },
    };
    return { prompter, open };
  };
  const settle = () => new Promise((resolve) => setImmediate(resolve));

  test("sees one question at a time, also after one that failed", async () => {
    const { prompter, open } = patient();
    const memory = remembering(prompter);
    const answers = [code, { ...code, text: "second" }, { ...code, text: "third" }].map((question) =>
      memory.login().ask(question, signal),
    );
    await settle();
    expect(open).toHaveLength(1);
    open[0]?.fail(new Error("gone"));
    await expect(answers[0]).rejects.toThrow("gone");
    await settle();
    expect(open.map(({ question }) => question.text)).toEqual(["Code:", "second"]);
    open[1]?.answer("2");
    expect(await answers[1]).toBe("2");
    await settle();
    open[2]?.answer("3");
    expect(await answers[2]).toBe("3");
  });

  test("who answered one login is not asked again by another that waited behind a third question", async () => {
    const { prompter, open } = patient();
    const memory = remembering(prompter);
    const first = memory.login();
    const one = first.ask(password, signal);
    const between = memory.login().ask(code, signal);
    const other = memory.login().ask(password, signal);
    await settle();
    open[0]?.answer("secret");
    expect(await one).toBe("secret");
    first.accepted();
    await settle();
    open[1]?.answer("123456");
    expect(await between).toBe("123456");
    expect(await other).toBe("secret");
    expect(open).toHaveLength(2);
  });

  test("is not asked for a login that was given up while it waited for its turn", async () => {
    const { prompter, open } = patient();
    const memory = remembering(prompter);
    const first = memory.login().ask(code, signal);
    const stop = new AbortController();
    const second = memory.login().ask(code, stop.signal);
    const reason = new Error("stopped");
    stop.abort(reason);
    await expect(second).rejects.toBe(reason);
    open[0]?.answer("1");
    expect(await first).toBe("1");
    await settle();
    expect(open).toHaveLength(1);
  });
});
