import { existsSync } from "node:fs";
import type { AuthContext, KeyboardAuthContext, Prompt } from "ssh2";
import { describe, expect, test } from "vitest";
import type { Prompter } from "../../../src/remote/prompter.ts";
import { connect } from "../../../src/ssh/connect.ts";
import type { SshTarget } from "../../../src/ssh/target.ts";
import { deferred } from "../../../src/util/deferred.ts";
import { startDropbear } from "../../support/dropbear.ts";
import { person, startLoginServer } from "../../support/login-server.ts";
import { countFailures, refusedLogin } from "../../support/refused-login.ts";
import { targetOf } from "../../support/ssh-target.ts";
import { startSshd } from "../../support/sshd.ts";

const isKeyboard = (context: AuthContext): context is KeyboardAuthContext => context.method === "keyboard-interactive";

/** A server that asks `rounds` one after the other; every login in which all answers are in `right` succeeds. */
async function startQuestioner(
  rounds: Prompt[][],
  right: string[] = ["secret"],
  texts: { name?: string; instructions?: string } = {},
) {
  const answers: string[][] = [];
  const server = await startLoginServer((context) => {
    if (!isKeyboard(context)) return context.reject(["keyboard-interactive"]);
    const ask = (index: number) => {
      const prompts = rounds[index];
      if (!prompts) return context.accept();
      context.prompt(prompts, texts.name ?? "", texts.instructions ?? "", (given) => {
        // ssh2 calls back with an error when the client does something else instead.
        if (!Array.isArray(given)) return;
        answers.push(given);
        if (given.every((answer) => right.includes(answer))) ask(index + 1);
        else context.reject(["keyboard-interactive"]);
      });
    };
    ask(0);
  });
  return { ...server, answers, target: { ...server.target, password: "secret" } };
}

const password = { prompt: "Password: ", echo: false };
const code = { prompt: "Verification code: ", echo: false };

/** Answers everything, after a while; counts the questions that stood open together. */
function slowPerson() {
  let open = 0;
  let most = 0;
  const prompter: Prompter = {
    async ask() {
      most = Math.max(most, ++open);
      for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
      open--;
      return "wrong";
    },
  };
  return { prompter, mostAtOnce: () => most };
}

describe("the server's questions", () => {
  test("REMOTE_PASSWORD answers a hidden question for a password", async () => {
    await using server = await startQuestioner([[password]]);
    await using _connection = await connect(server.target);
    expect(server.answers).toEqual([["secret"]]);
  });

  test.each([
    ["a one-time code", code],
    ["a one-time password", { prompt: "One-time password (OATH) for `somebody': ", echo: false }],
    ["a visible question", { prompt: "Password: ", echo: true }],
  ])("without a person %s gets no answer at all, and the error says what was asked", async (_what, question) => {
    await using server = await startQuestioner([[question]]);
    const error = await refusedLogin(server.target);
    expect(server.answers).toEqual([]);
    expect(error.code).toBe("auth_failed");
    expect(error.message).toContain(`the server asks "${question.prompt.trim()}", which nobody answered`);
  });

  test("the password first, then a person's one-time code, in two rounds", async () => {
    await using server = await startQuestioner([[password], [code]], ["secret", "123456"]);
    const prompter = person("123456");
    await using _connection = await connect(server.target, { prompter });
    expect(server.answers).toEqual([["secret"], ["123456"]]);
    expect(prompter.questions).toEqual([
      {
        kind: "challenge",
        machine: `server port ${server.target.port}`,
        text: "(somebody@server) Verification code:",
        echo: false,
      },
    ]);
  });

  test("a server that asks several times at once has the person asked one question after the other", async () => {
    await using server = await startLoginServer((context) => {
      if (!isKeyboard(context)) return context.reject(["keyboard-interactive"]);
      for (let times = 0; times < 5; times++) context.prompt([code], () => context.reject(["publickey"]));
    });
    const slow = slowPerson();
    await refusedLogin(server.target, { prompter: slow.prompter });
    expect(slow.mostAtOnce()).toBe(1);
  });

  test("a server that asks twice at once is not offered the password twice when nobody answers", async () => {
    await using server = await startLoginServer((context) => {
      if (!isKeyboard(context)) return context.reject(["keyboard-interactive", "password"]);
      for (let times = 0; times < 5; times++) context.prompt([code], () => {});
    });
    await refusedLogin({ ...server.target, password: "secret" });
    expect(server.requests).toEqual(["none", "keyboard-interactive", "password"]);
  });

  test("a wrong REMOTE_PASSWORD costs one attempt; a person is asked before there is a second one", async () => {
    const wrong = (server: { target: SshTarget }) => ({ ...server.target, password: "wrong" });
    await using server = await startQuestioner([[password]]);
    await refusedLogin(wrong(server));
    expect([server.requests, server.answers]).toEqual([["none", "keyboard-interactive"], [["wrong"]]]);
    const prompter = person("wrong again", "secret");
    await using _connection = await connect(wrong(server), { prompter });
    expect(server.answers.slice(1)).toEqual([["wrong"], ["wrong again"], ["secret"]]);
    const text = "(somebody@server) Password:";
    expect(prompter.questions).toMatchObject([{ kind: "password", text }, { text: `That was refused. ${text}` }]);
  });

  test("a right REMOTE_PASSWORD is not called refused when the server goes on to another question", async () => {
    let rounds = 0;
    await using server = await startLoginServer((context) => {
      if (!isKeyboard(context)) return context.reject(["keyboard-interactive"]);
      const isSecond = rounds++ > 0;
      context.prompt([isSecond ? code : password], () => {
        if (isSecond) context.accept();
        else context.reject(["keyboard-interactive"], true);
      });
    });
    const prompter = person("123456");
    await using _connection = await connect({ ...server.target, password: "secret" }, { prompter });
    expect(prompter.questions).toMatchObject([{ kind: "challenge", text: "(somebody@server) Verification code:" }]);
  });

  test("several questions of one request are asked one after the other, as the server wants them shown", async () => {
    const texts = { name: "Bank\u001b[2J", instructions: "Two\r\nsteps\u202e" };
    await using server = await startQuestioner(
      [[{ prompt: "Token\u0007: ", echo: true }, code]],
      ["one", "two"],
      texts,
    );
    const prompter = person("one", "two");
    await using _connection = await connect(server.target, { prompter });
    expect(server.answers).toEqual([["one", "two"]]);
    expect(prompter.questions.map((question) => question.text)).toEqual([
      "(somebody@server) Bank [2J Two steps Token :",
      "(somebody@server) Verification code:",
    ]);
    expect(prompter.questions).toMatchObject([
      { kind: "challenge", echo: true },
      { kind: "challenge", echo: false },
    ]);
  });

  test("a long-winded server cannot push its question out of sight", async () => {
    await using server = await startQuestioner([[code]], ["123456"], { instructions: "blah ".repeat(1000) });
    const prompter = person("123456");
    await using _connection = await connect(server.target, { prompter });
    expect(prompter.questions[0]?.text).toMatch(/ Verification code:$/);
    expect(prompter.questions[0]?.text.length).toBeLessThan(800);
  });

  test("a request without questions is answered with nothing", async () => {
    await using server = await startQuestioner([[], [code]], ["123456"]);
    await using _connection = await connect(server.target, { prompter: person("123456") });
    expect(server.answers).toEqual([[], ["123456"]]);
  });

  test("an empty answer of a person is an answer", async () => {
    await using server = await startQuestioner([[{ prompt: "Press Enter: ", echo: true }]], [""]);
    await using _connection = await connect(server.target, { prompter: person("") });
    expect(server.answers).toEqual([[""]]);
  });

  test("a person may correct a refused REMOTE_PASSWORD, and is asked as often as NumberOfPasswordPrompts says", async () => {
    await using server = await startQuestioner([[password]], ["right"]);
    const prompter = person("wrong", "right");
    await using _connection = await connect({ ...server.target, passwordPrompts: 2 }, { prompter });
    expect(server.answers).toEqual([["secret"], ["wrong"], ["right"]]);
    expect(prompter.questions).toMatchObject([
      { kind: "password", text: "(somebody@server) Password:" },
      { kind: "password", text: "That was refused. (somebody@server) Password:" },
    ]);
  });

  test("a person who does not know is asked no more often than that", async () => {
    await using server = await startQuestioner([[password]], ["right"]);
    const prompter = person("a", "b", "c", "d", "e");
    await refusedLogin({ ...server.target, password: undefined, passwordPrompts: 2 }, { prompter });
    expect(prompter.questions).toHaveLength(2);
  });

  test("a server that refuses without a question is not tried again", async () => {
    await using server = await startLoginServer((context) => context.reject(["keyboard-interactive"]));
    await refusedLogin(server.target, { prompter: person() });
    expect(server.requests).toEqual(["none", "keyboard-interactive"]);
  });

  test("a question that nobody answers does not keep the password from being tried", async () => {
    await using server = await startLoginServer((context) => {
      if (isKeyboard(context)) context.prompt([code], () => {});
      else if (context.method === "password" && context.password === "secret") context.accept();
      else context.reject(["keyboard-interactive", "password"]);
    });
    await using _connection = await connect({ ...server.target, password: "secret" });
    expect(server.requests).toEqual(["none", "keyboard-interactive", "password"]);
  });
});

test.runIf(existsSync("/etc/pam.d/sshd"))(
  "a declined question costs no failed login at a server with PAM",
  async () => {
    await using sshd = await startSshd({
      password: "correct horse",
      config: ["UsePAM yes", "KbdInteractiveAuthentication yes"],
    });
    const target = targetOf(sshd, { identityFiles: [] });
    const declining = person();
    await refusedLogin(target, { prompter: declining });
    expect(declining.questions).toMatchObject([
      { kind: "password", text: `(${sshd.user}@127.0.0.1) Password:` },
      { kind: "password", text: `Password of ${sshd.user} on 127.0.0.1` },
    ]);
    expect(countFailures(sshd)).toBe(0);
    await using _connection = await connect(target, { prompter: person(undefined, "correct horse") });
    const error = await refusedLogin({ ...target, passwordPrompts: 1 }, { prompter: person("wrong") });
    expect(error.message).toContain("(tried the answers to its questions (keyboard-interactive)");
    expect(error.message).not.toContain("wrong");
  },
);

describe("passwords", () => {
  const startPasswordServer = (right: string) =>
    startLoginServer((context) => {
      if (context.method === "password" && context.password === right) context.accept();
      else context.reject(["password"]);
    });

  test("a person is asked for the password when there is none", async () => {
    await using server = await startPasswordServer("right");
    const prompter = person("wrong", "right");
    await using _connection = await connect(server.target, { prompter });
    const { port } = server.target;
    const whose = { machine: `server port ${port}`, account: `somebody@127.0.0.1 port ${port}` };
    expect(prompter.questions).toEqual([
      { kind: "password", ...whose, text: "Password of somebody on server" },
      { kind: "password", ...whose, text: "That password was refused. Password of somebody on server" },
    ]);
    expect(server.requests).toEqual(["none", "password", "password"]);
  });

  test("a server that refuses one request several times is not offered several things at once", async () => {
    await using server = await startLoginServer((context) => {
      const again = () => {
        const protocol: object = Reflect.get(context, "_protocol");
        Reflect.get(protocol, "_authsQueue").push("none");
        Reflect.apply(Reflect.get(protocol, "authFailure"), protocol, [["password"], false]);
      };
      if (context.method === "none") for (let times = 0; times < 5; times++) again();
      context.reject(["password"]);
    });
    const slow = slowPerson();
    await refusedLogin(server.target, { prompter: slow.prompter });
    expect(slow.mostAtOnce()).toBe(1);
  });

  test("without a person and a password none is sent, not even an empty one", async () => {
    await using server = await startPasswordServer("right");
    const error = await refusedLogin(server.target);
    expect(server.requests).toEqual(["none"]);
    expect(error.message).toBe(
      `server port ${server.target.port} refused the login as somebody (there was no usable key or password to try; the server accepts password); check the user name, name the right key with -i or load it into the agent, or set REMOTE_PASSWORD.`,
    );
  });

  test("an empty answer sends nothing and ends the questions", async () => {
    await using server = await startPasswordServer("right");
    const prompter = person("", "right");
    await refusedLogin(server.target, { prompter });
    expect(prompter.questions).toHaveLength(1);
    expect(server.requests).toEqual(["none"]);
  });

  test("a wrong one is named by what it is, not by what it says", async () => {
    await using server = await startPasswordServer("right");
    const error = await refusedLogin({ ...server.target, password: "wrong battery" });
    expect(error.code).toBe("auth_failed");
    expect(error.message).toBe(
      `server port ${server.target.port} refused the login as somebody (tried the password; the server accepts password); check the user name, name the right key with -i or load it into the agent, or set REMOTE_PASSWORD.`,
    );
  });

  test("says so when the server takes no passwords", async () => {
    await using server = await startLoginServer((context) => context.reject(["publickey"]));
    const error = await refusedLogin({ ...server.target, password: "secret" });
    expect(server.requests).toEqual(["none"]);
    expect(error.message).toContain("the server accepts publickey; the server takes no passwords");
  });

  test("says so when the ssh options exclude what the server takes", async () => {
    await using server = await startPasswordServer("right");
    const error = await refusedLogin({ ...server.target, password: "right", authentications: ["publickey"] });
    expect(server.requests).toEqual(["none"]);
    expect(error.message).toContain("the ssh options exclude password");
  });

  test("an account that needs no password is let in without one", async () => {
    await using server = await startLoginServer((context) => context.accept());
    await using _connection = await connect(server.target);
    expect(server.requests).toEqual(["none"]);
  });

  test("the order of the methods is the user's", async () => {
    await using server = await startLoginServer((context) => {
      if (context.method === "password") context.accept();
      else context.reject(["keyboard-interactive", "password"]);
    });
    const authentications = ["password", "keyboard-interactive"] as const;
    await using _connection = await connect({ ...server.target, password: "a", authentications: [...authentications] });
    expect(server.requests).toEqual(["none", "password"]);
  });

  test("a server that wants a new password first is refused with what to do", async () => {
    await using server = await startLoginServer((context) => {
      if (context.method === "password") context.requestChange("Choose another one", () => {});
      else context.reject(["password"]);
    });
    const error = await refusedLogin({ ...server.target, password: "old secret" });
    expect(error.code).toBe("auth_failed");
    expect(error.message).toBe(
      `server port ${server.target.port} wants a new password for somebody before it lets anybody in; log in once with ssh, change it there and try again.`,
    );
  });

  test("an abort while a person thinks ends the login at once", async () => {
    await using server = await startPasswordServer("right");
    const stop = new AbortController();
    const reason = new Error("stopped");
    const prompter = {
      ask: () => {
        stop.abort(reason);
        return new Promise<undefined>(() => {});
      },
    };
    await expect(connect(server.target, { prompter, signal: stop.signal })).rejects.toBe(reason);
  });

  test("a question is taken back when the server hangs up while a person thinks", async () => {
    await using server = await startPasswordServer("right");
    let isTakenBack = false;
    const prompter: Prompter = {
      ask: (_question, asking) =>
        new Promise((_resolve, reject) => {
          asking.addEventListener("abort", () => {
            isTakenBack = true;
            reject(asking.reason);
          });
          server.hangUp();
        }),
    };
    const error = await refusedLogin(server.target, { prompter });
    expect(error.code).toBe("connection_lost");
    expect(isTakenBack).toBe(true);
  });

  test("Dropbear takes the right one and refuses a wrong one", async () => {
    await using dropbear = await startDropbear({ password: "correct horse" });
    const target = targetOf(dropbear, { identityFiles: [] });
    await using _given = await connect({ ...target, password: "correct horse" });
    await using _asked = await connect(target, { prompter: person("wrong", "correct horse") });
    const error = await refusedLogin({ ...target, password: "wrong" });
    expect(error.message).toContain("(tried the password; the server accepts publickey, password)");
  });
});

test("a server may take its time over a password: a telephone is asked, guessers are made to wait", async () => {
  let tell: (() => void) | undefined;
  const offered = deferred<void>();
  await using server = await startLoginServer((context) => {
    if (context.method !== "password") return context.reject(["password"]);
    tell = () => context.accept();
    offered.resolve();
  });
  const connecting = connect({ ...server.target, password: "secret", connectTimeoutMs: 700 });
  connecting.catch(offered.reject);
  await offered.promise;
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  tell?.();
  await using _connection = await connecting;
});
