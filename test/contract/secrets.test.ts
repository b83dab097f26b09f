import { execFileSync } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { readEnvironment } from "../../src/config/environment.ts";
import { compose, type Remote } from "../../src/plugin/compose.ts";
import { nobody, type Prompter } from "../../src/remote/prompter.ts";
import { shellQuote } from "../../src/util/shell-quote.ts";
import { person, startLoginServer } from "../support/login-server.ts";
import { run, type SshServer } from "../support/ssh-server.ts";
import { startSshd } from "../support/sshd.ts";

/** Unlike anything else that might stand in a log. */
const canaries = {
  password: "canary-Pa55word-4c1f",
  wrongPassword: "canary-wr0ng-Pa55-8d02",
  passphrase: "canary-Pa55phrase-77ab",
  wrongPassphrase: "canary-wr0ng-phrase-19e3",
  code: "canary-0neTime-c0de-5f60",
  wrongCode: "canary-wr0ng-c0de-e2b9",
};

/** Everything that a run leaves behind, to be searched. */
class Traces {
  readonly #texts: [where: string, text: string][] = [];

  add(where: string, text: string): void {
    this.#texts.push([where, text]);
  }

  /** What a logger, a model or a debugger could see of an error: its whole chain, hidden properties included. */
  error(where: string, error: unknown): void {
    for (let at = error, depth = 0; at !== undefined && depth < 20; depth++) {
      this.add(where, inspect(at, { depth: 10, showHidden: true, maxStringLength: null }));
      this.add(where, JSON.stringify(at) ?? "");
      if (at instanceof Error) this.add(where, `${at.message}\n${at.stack}`);
      at = typeof at === "object" && at !== null ? Reflect.get(at, "cause") : undefined;
    }
  }

  processes(): void {
    this.add("ps", execFileSync("ps", ["-A", "-o", "args"], { encoding: "utf8", maxBuffer: 2 ** 24 }));
  }

  async files(directory: string): Promise<void> {
    for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
      const path = join(entry.parentPath, entry.name);
      this.add("a file's name", path);
      if (entry.isFile()) this.add(path, await readFile(path, "latin1"));
    }
  }

  /** Where a canary was found, and that enough was searched for the answer to mean something. */
  found(): { places: string[]; searched: number } {
    const secrets = Object.values(canaries).flatMap((canary) => [
      canary,
      Buffer.from(canary).toString("base64").replace(/=+$/, ""),
      Buffer.from(canary).toString("hex"),
    ]);
    const places = this.#texts.filter(([, text]) => secrets.some((secret) => text.includes(secret)));
    return { places: places.map(([where]) => where), searched: this.#texts.length };
  }
}

/** Watches a person as well: what `ps` shows while a question is open is part of the search. */
const watched = (prompter: Prompter, traces: Traces): Prompter => ({
  async ask(question, signal) {
    traces.add("a question", JSON.stringify(question));
    traces.processes();
    return prompter.ask(question, signal);
  },
});

interface Run {
  server: Pick<SshServer, "host" | "port" | "user" | "knownHosts">;
  key?: string;
  env?: Record<string, string>;
  prompter?: Prompter;
}

/** One use of the whole plugin below the tools, from the environment's variables to a command; undefined when it worked. */
async function use(dir: string, { server, key, env, prompter = nobody }: Run, traces: Traces): Promise<unknown> {
  const options = ["GlobalKnownHostsFile=none", "IdentityAgent=none", `UserKnownHostsFile=${server.knownHosts}`];
  const words = ["ssh", "-F", "none", "-p", String(server.port), ...options.flatMap((option) => ["-o", option])];
  if (key !== undefined) words.push("-i", key);
  const home = join(dir, "home");
  await mkdir(home, { recursive: true });
  const read = readEnvironment({
    ...env,
    HOME: home,
    REMOTE_SSH: [...words, `${server.user}@${server.host}`].map(shellQuote).join(" "),
    REMOTE_WORKDIR: "/",
    REMOTE_TRANSPORT: "ssh2",
    REMOTE_MIRROR: join(dir, "mirror"),
  });
  if (read.kind !== "ready") throw new Error(`not ready: ${JSON.stringify(read)}`);
  await using remote: Remote = compose(read.settings, watched(prompter, traces));
  remote.host.onState((state) => traces.add("state", JSON.stringify(state)));
  try {
    await remote.workspace.ready();
    const path = await remote.workspace.resolve("/etc/hostname");
    await using _file = await remote.workspace.open(path);
    const result = await remote.host.shell.exec("ps -A -o args; env");
    traces.add("the remote command", Buffer.from(result.stdout).toString("latin1"));
    traces.processes();
    return undefined;
  } catch (error) {
    traces.error("error", error);
    return error;
  }
}

async function inDirectory(work: (dir: string, traces: Traces) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), "rc-canary-"));
  const traces = new Traces();
  try {
    await work(dir, traces);
    await traces.files(dir);
    const { places, searched } = traces.found();
    expect(places).toEqual([]);
    expect(searched).toBeGreaterThan(10);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

describe("secrets stay where they belong", () => {
  test("the search finds what is there", () => {
    const traces = new Traces();
    traces.error("deep", new Error("outer", { cause: Object.assign(new Error("inner"), { data: canaries.code }) }));
    expect(traces.found().places).toContain("deep");
  });

  test("a password, wrong and right, given and asked for", async () => {
    await using sshd = await startSshd({ password: canaries.password, config: ["LogLevel DEBUG3"] });
    const server = { ...sshd, user: sshd.user };
    await inDirectory(async (dir, traces) => {
      const wrong = { REMOTE_PASSWORD: canaries.wrongPassword };
      expect(await use(dir, { server, env: wrong }, traces)).toMatchObject({ code: "auth_failed" });
      const guess = person(canaries.wrongPassword, canaries.wrongPassword);
      expect(await use(dir, { server, prompter: guess }, traces)).toMatchObject({ code: "auth_failed" });
      expect(await use(dir, { server, env: { REMOTE_PASSWORD: canaries.password } }, traces)).toBeUndefined();
      const right = person(canaries.wrongPassword, canaries.password);
      expect(await use(dir, { server, prompter: right }, traces)).toBeUndefined();
      traces.add("the server's log", sshd.stderr());
    });
  });

  test("a passphrase, wrong and right, given and asked for", async () => {
    await using sshd = await startSshd();
    const key = `${sshd.dir}/locked`;
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-a", "1", "-N", canaries.passphrase, "-f", key]);
    await copyFile(`${key}.pub`, `${sshd.dir}/authorized_keys`);
    await inDirectory(async (dir, traces) => {
      const wrong = { REMOTE_PASSPHRASE: canaries.wrongPassphrase };
      expect(await use(dir, { server: sshd, key, env: wrong }, traces)).toMatchObject({ code: "auth_failed" });
      const right = { REMOTE_PASSPHRASE: canaries.passphrase };
      expect(await use(dir, { server: sshd, key, env: right }, traces)).toBeUndefined();
      const somebody = person(canaries.wrongPassphrase, canaries.passphrase);
      expect(await use(dir, { server: sshd, key, prompter: somebody }, traces)).toBeUndefined();
      traces.add("the server's log", sshd.stderr());
      await traces.files(sshd.dir);
    });
  });

  test("a one-time code, wrong and right", async () => {
    await using server = await startLoginServer((context) => {
      if (context.method !== "keyboard-interactive") return context.reject(["keyboard-interactive"]);
      context.prompt([{ prompt: "Code: ", echo: false }], (answers) =>
        answers[0] === canaries.code ? context.accept() : context.reject(["keyboard-interactive"]),
      );
    });
    const { port, user, knownHostsFiles } = server.target;
    const machine = { host: "127.0.0.1", port, user, knownHosts: knownHostsFiles[0] ?? "" };
    await inDirectory(async (dir, traces) => {
      const wrong = person(canaries.wrongCode, canaries.wrongCode, canaries.wrongCode);
      expect(await use(dir, { server: machine, prompter: wrong }, traces)).toMatchObject({ code: "auth_failed" });
      // It logs in and finds that this server runs no commands.
      const right = person(canaries.wrongCode, canaries.code);
      expect(await use(dir, { server: machine, prompter: right }, traces)).not.toMatchObject({ code: "auth_failed" });
    });
  });
});
