import { expect, test, vi } from "vitest";
import { passwordGate } from "../../../src/workspace/password-gate.ts";
import { type SudoSign, sudoAnswers, sudoReader } from "../../../src/workspace/sudo-talk.ts";

const nonce = "0123456789abcdef0123456789abcdef";

function read(text: string, size: number) {
  const signs: SudoSign[] = [];
  const reader = sudoReader(nonce, (sign) => signs.push(sign));
  const bytes = Buffer.from(text, "latin1");
  let rest = "";
  for (let at = 0; at < bytes.length; at += size) {
    rest += reader.push(bytes.subarray(at, at + size)).toString("latin1");
  }
  return { signs, rest: rest + reader.rest().toString("latin1") };
}

test.each([1, 2, 7, 1000])("signs are taken out wherever packets of %i bytes are cut", (size) => {
  const text = `a${nonce} turn 7.b${nonce} ask 7.Sorry.\n${nonce} done 7 1.${nonce.slice(0, 20)}`;
  const { signs, rest } = read(text, size);
  expect(signs).toEqual([
    { kind: "turn", id: 7 },
    { kind: "ask", id: 7 },
    { kind: "done", id: 7, status: 1 },
  ]);
  expect(rest).toBe(`abSorry.\n${nonce.slice(0, 20)}`);
});

test.each([1, 1000])("what merely holds the nonce passes, in packets of %i bytes", (size) => {
  const text = `${nonce} ask x. ${nonce}${nonce} asks ${"y".repeat(100)} ${nonce} ask `;
  expect(read(text, size)).toEqual({ signs: [], rest: text });
});

test("bytes that are no text arrive as they are", () => {
  const text = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join("");
  expect(read(`${text}${nonce} turn 1.${text}`, 5).rest).toBe(text + text);
});

function conversation(gate = passwordGate()) {
  const sent: string[] = [];
  let refusals = 0;
  const answers = sudoAnswers("secret", gate, () => {
    refusals++;
  });
  answers.attach({ write: (bytes) => sent.push(Buffer.from(bytes).toString()), end: () => sent.push("end") });
  return { answers, sent, refusals: () => refusals };
}

test("nothing is sent before sudo asks", () => {
  const { answers, sent } = conversation();
  answers.onSign({ kind: "turn", id: 1 });
  answers.onSign({ kind: "done", id: 1, status: 0 });
  expect(sent).toEqual([]);
});

test("two that ask at once are answered one after the other, in whatever order they read", () => {
  const { answers, sent } = conversation();
  answers.onSign({ kind: "ask", id: 1 });
  answers.onSign({ kind: "ask", id: 2 });
  answers.onSign({ kind: "done", id: 3, status: 0 });
  expect(sent).toEqual(["secret\n"]);
  answers.onSign({ kind: "done", id: 2, status: 0 });
  expect(sent).toEqual(["secret\n", "secret\n"]);
  answers.onSign({ kind: "done", id: 1, status: 0 });
  expect(sent).toHaveLength(2);
});

test("one that asks again was told a wrong password: nobody is told it again", () => {
  const { answers, sent, refusals } = conversation();
  answers.onSign({ kind: "ask", id: 1 });
  answers.onSign({ kind: "ask", id: 1 });
  answers.onSign({ kind: "ask", id: 2 });
  answers.onSign({ kind: "done", id: 1, status: 1 });
  answers.onWords("sudo: 1 incorrect password attempt\n");
  expect([sent[0], sent[1], sent.includes("secret\n", 1), refusals()]).toEqual(["secret\n", "end", false, 1]);
});

test("with a single attempt sudo only says so", () => {
  const { answers, sent, refusals } = conversation();
  answers.onSign({ kind: "ask", id: 1 });
  answers.onWords("sudo: 1 incorrect password attempt\n");
  expect([sent, refusals()]).toEqual([["secret\n", "end"], 1]);
});

test("the same process id may come back", () => {
  const { answers, sent } = conversation();
  for (let round = 0; round < 2; round++) {
    answers.onSign({ kind: "ask", id: 9 });
    answers.onSign({ kind: "done", id: 9, status: 0 });
  }
  expect(sent).toEqual(["secret\n", "secret\n"]);
});

test("what waits for something else than the password is given up", () => {
  vi.useFakeTimers();
  try {
    const { answers, sent } = conversation();
    for (const id of [1, 2, 3]) answers.onSign({ kind: "turn", id });
    answers.onSign({ kind: "done", id: 1, status: 0 });
    answers.onSign({ kind: "ask", id: 2 });
    vi.advanceTimersByTime(29_000);
    expect(sent).toEqual(["secret\n"]);
    vi.advanceTimersByTime(2_000);
    expect(sent).toEqual(["secret\n", "end"]);
    answers.onSign({ kind: "turn", id: 4 });
    answers.stop();
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test("two command lines make one attempt: the second waits until the first knows", () => {
  for (const status of [0, 1]) {
    const gate = passwordGate();
    const [first, second, third] = [conversation(gate), conversation(gate), conversation(gate)];
    for (const { answers } of [first, second, third]) answers.onSign({ kind: "ask", id: 1 });
    expect([first.sent, second.sent, third.sent]).toEqual([["secret\n"], [], []]);
    second.answers.stop();
    if (status === 1) first.answers.onSign({ kind: "ask", id: 1 });
    first.answers.onSign({ kind: "done", id: 1, status });
    expect([second.sent, third.sent]).toEqual([[], [status === 0 ? "secret\n" : "end"]]);
    expect([second.refusals(), third.refusals()]).toEqual([0, status]);
  }
});

test("a command line that ends with its question open leaves the turn to the next", () => {
  const gate = passwordGate();
  const [first, second] = [conversation(gate), conversation(gate)];
  first.answers.onSign({ kind: "ask", id: 1 });
  second.answers.onSign({ kind: "ask", id: 1 });
  first.answers.stop();
  expect(second.sent).toEqual(["secret\n"]);
});
