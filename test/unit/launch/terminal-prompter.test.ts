import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { type Terminal, terminalPrompter } from "../../../src/launch/terminal-prompter.ts";
import { RemoteError } from "../../../src/remote/error.ts";
import type { Question } from "../../../src/remote/prompter.ts";
import { terminalProgram } from "../../support/terminal-program.ts";
import { startTui } from "../../support/tui.ts";

const machine = "box port 22";
const password: Question = { kind: "password", machine, text: "Password of me on box" };
const code: Question = { kind: "challenge", machine, text: "(me@box) Token:", echo: true };
const hostKey: Question = {
  kind: "host-key",
  machine,
  text: "The machine is not known yet.",
  fingerprint: "SHA256:abc",
  keyType: "ssh-ed25519",
};
const { signal } = new AbortController();

/** A terminal that shows what a person would see, and in which mode it is. */
function fakeTerminal() {
  const input = Object.assign(new PassThrough(), {
    isRaw: false,
    modes: [] as boolean[],
    setRawMode(isRaw: boolean) {
      this.isRaw = isRaw;
      this.modes.push(isRaw);
    },
  });
  let screen = "";
  let interrupts = 0;
  const output = { write: (text: string) => (screen += text) };
  const terminal: Terminal = { input, output, interrupt: () => interrupts++ };
  return {
    input,
    prompter: terminalPrompter(terminal),
    screen: () => screen,
    interrupts: () => interrupts,
    /** As it was before: nothing reads and keys are shown again. */
    isRestored: () => !input.isRaw && input.isPaused() && input.listenerCount("data") === 0,
  };
}

describe("a question on the terminal", () => {
  test("for a secret shows nothing of it", async () => {
    const terminal = fakeTerminal();
    const answer = terminal.prompter.ask(password, signal);
    terminal.input.write("s3cret\r");
    expect(await answer).toBe("s3cret");
    expect(terminal.screen()).toBe("Password of me on box: \n");
    expect(terminal.input.modes).toEqual([true, false]);
    expect(terminal.isRestored()).toBe(true);
  });

  test("for something visible shows it", async () => {
    const terminal = fakeTerminal();
    const answer = terminal.prompter.ask(code, signal);
    terminal.input.write("12x");
    terminal.input.write("\x7f3\n");
    expect(await answer).toBe("123");
    expect(terminal.screen()).toBe("(me@box) Token: 12x\b \b3\n");
  });

  test.each([
    ["backspace", "ab\x7f\bc\r", "c"],
    ["backspace at the start", "\x7fa\r", "a"],
    ["Ctrl-U", "wrong\x15right\r", "right"],
    ["arrows and function keys", "a\x1b[D\x1b[3~\x1bOPb\r", "ab"],
    ["letters of several bytes", "pä€😀\r", "pä€😀"],
    ["such a letter taken back", "a😀\x7f\r", "a"],
    ["other control characters", "a\x01\tb\r", "ab"],
    ["nothing", "\r", ""],
  ])("takes %s as a person means it", async (_what, keys, expected) => {
    const terminal = fakeTerminal();
    const answer = terminal.prompter.ask(password, signal);
    for (const byte of Buffer.from(keys.replace(/\x1b.*/s, ""))) terminal.input.write(Buffer.from([byte]));
    terminal.input.write(keys.slice(keys.replace(/\x1b.*/s, "").length));
    expect(await answer).toBe(expected);
  });

  test("is declined by Ctrl-D and by the end of the input", async () => {
    const first = fakeTerminal();
    const declined = first.prompter.ask(password, signal);
    first.input.write("abc\x04");
    expect(await declined).toBeUndefined();
    expect(first.isRestored()).toBe(true);
    const second = fakeTerminal();
    const ended = second.prompter.ask(password, signal);
    second.input.end();
    expect(await ended).toBeUndefined();
    expect(second.input.isRaw).toBe(false);
  });

  test("is broken off by Ctrl-C, which reaches the program once the terminal is restored", async () => {
    const terminal = fakeTerminal();
    const answer = terminal.prompter.ask(password, signal);
    terminal.input.write("s3cret\x03");
    const error = await answer.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RemoteError);
    expect(error).toMatchObject({
      code: "closed",
      message: "The question about box port 22 was interrupted, so nothing was connected; start again.",
    });
    expect(terminal.interrupts()).toBe(1);
    expect(terminal.isRestored()).toBe(true);
  });

  test("ends with the signal, and restores the terminal", async () => {
    const terminal = fakeTerminal();
    const stop = new AbortController();
    const answer = terminal.prompter.ask(password, stop.signal);
    const reason = new Error("stopped");
    stop.abort(reason);
    await expect(answer).rejects.toBe(reason);
    expect(terminal.isRestored()).toBe(true);
    await expect(terminal.prompter.ask(password, stop.signal)).rejects.toBe(reason);
    expect(terminal.input.modes).toEqual([true, false]);
  });
});

describe("a question about a host key", () => {
  test.each([
    ["yes\r", "yes"],
    ["Yes\r", "yes"],
    ["SHA256:abc\r", "yes"],
    ["no\r", "no"],
    ["\x04", undefined],
  ])("takes %j", async (keys, expected) => {
    const terminal = fakeTerminal();
    const answer = terminal.prompter.ask(hostKey, signal);
    terminal.input.write(keys);
    expect(await answer).toBe(expected);
  });

  test("is repeated on anything else, but not for ever", async () => {
    const terminal = fakeTerminal();
    const answer = terminal.prompter.ask(hostKey, signal);
    const again = "Please type yes, no or the fingerprint: ";
    for (let asked = 1; asked <= 10; asked++) {
      await expect.poll(() => terminal.screen().split(again).length).toBe(asked);
      terminal.input.write(asked % 2 === 0 ? "\r" : "SHA256:other\r");
    }
    expect(await answer).toBeUndefined();
  });
});

describe("on a real terminal", () => {
  const env = { PATH: process.env.PATH ?? "" };
  const program = (body: string) => terminalProgram("src/launch/terminal-prompter.ts", body);
  const ask = `
    using prompter = openTerminalPrompter();
    const { signal } = new AbortController();
    const answer = await prompter.ask({ kind: "password", machine: "box", text: "Password" }, signal);
    console.log("got " + answer.length + " letters");
  `;

  test("a secret is not shown and the terminal echoes again afterwards", async () => {
    await using shell = await program(ask);
    await using screen = await startTui({
      command: "sh",
      env,
      args: ["-c", `${shell.command}; read line; echo "read:$line"; cat`],
    });
    await screen.waitFor(/Password:/, 5_000);
    await screen.type("hunter22");
    await screen.send("Enter");
    await screen.waitFor(/got 8 letters/);
    await screen.type("visible");
    await screen.send("Enter");
    const text = await screen.waitFor(/read:visible/);
    expect(text.match(/visible/g)).toHaveLength(2);
    expect(text).not.toContain("hunter22");
  });

  test("is found also when the input comes from elsewhere", async () => {
    await using shell = await program(ask);
    await using screen = await startTui({
      command: "sh",
      env,
      args: ["-c", `${shell.command} </dev/null; stty -a; cat`],
    });
    await screen.waitFor(/Password:/, 5_000);
    await screen.type("hunter22");
    await screen.send("Enter");
    const text = await screen.waitFor(/got 8 letters[\s\S]*echo/);
    expect(text).not.toContain("hunter22");
    expect(text).toMatch(/ echo /);
  });

  test("Ctrl-C ends the program and leaves the terminal as it was", async () => {
    await using shell = await program(ask);
    await using screen = await startTui({
      command: "sh",
      env,
      args: ["-c", `trap : INT; ${shell.command}; echo "status $?"; stty -a; cat`],
    });
    await screen.waitFor(/Password:/, 5_000);
    await screen.send("C-c");
    const text = await screen.waitFor(/status \d+[\s\S]*echo/);
    expect(text).toMatch(/status 130/);
    expect(text).toMatch(/ echo /);
  });
});
