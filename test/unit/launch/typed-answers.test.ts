import { expect, test } from "vitest";
import { typedAnswers } from "../../../src/launch/typed-answers.ts";
import type { Question } from "../../../src/remote/prompter.ts";

const identity = { user: "dev", host: "box", port: 22 };

/** The answers of a person, in order. */
async function answered(...rounds: [Partial<Question> & Pick<Question, "kind">, string | undefined][]) {
  const typed = rounds.map(([, answer]) => answer);
  const answers = typedAnswers({ ask: async () => typed.shift() });
  for (const [question, answer] of rounds) {
    const asked = { machine: "box port 22", text: "?", ...question } as Question;
    expect(await answers.ask(asked, new AbortController().signal)).toBe(answer);
  }
  return answers.environment(identity);
}

test("the last password and passphrase that were typed go on", async () => {
  expect(
    await answered(
      [{ kind: "password" }, "wrong"],
      [{ kind: "password" }, "right"],
      [{ kind: "passphrase", file: "/k" }, "open"],
    ),
  ).toEqual({ REMOTE_PASSWORD: "right", REMOTE_PASSPHRASE: "open" });
});

test("a jump host's password is never the target's", async () => {
  expect(await answered([{ kind: "password", machine: "bastion port 22" }, "secret"])).toEqual({});
});

test("nor where the jump host is called like the target", async () => {
  const hops = [{ kind: "password", account: "admin@gate port 22" }, "the hop's"] as const;
  const own = [{ kind: "password", account: "dev@10.0.0.5 port 22" }, "the target's"] as const;
  expect(await answered([...hops])).toEqual({});
  expect(await answered([...hops], [...own])).toEqual({ REMOTE_PASSWORD: "the target's" });
  expect(await answered([...own], [...hops])).toEqual({ REMOTE_PASSWORD: "the target's" });
  const alike = [{ kind: "password", account: "dev@gate port 22" }, "whose?"] as const;
  expect(await answered([...alike], [...own])).toEqual({});
});

test("one-time codes, host keys and questions that were declined leave nothing", async () => {
  expect(
    await answered(
      [{ kind: "challenge", echo: false }, "123456"],
      [{ kind: "host-key" }, "yes"],
      [{ kind: "password" }, undefined],
    ),
  ).toEqual({});
});
