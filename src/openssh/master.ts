import { createHash } from "node:crypto";
import { setMaxListeners } from "node:events";
import { existsSync } from "node:fs";
import { readFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { ChannelEnd } from "../posix/run.ts";
import { RemoteError } from "../remote/error.ts";
import type { Prompter } from "../remote/prompter.ts";
import { onAbort, raceAbort } from "../util/abort.ts";
import { deferred } from "../util/deferred.ts";
import { pause } from "../util/pause.ts";
import { answerer } from "./answers.ts";
import { type Meeting, masterArguments, masterEnvironment } from "./arguments.ts";
import { type Askpass, listenForQuestions } from "./askpass.ts";
import { isAtLeast } from "./client-version.ts";
import { Clock } from "./clock.ts";
import { type PrivateDirectory, privateDirectory } from "./directory.ts";
import { cannotRunClient, keyChanged, loginTimedOut, noHostKey, whyEnded } from "./errors.ts";
import { startGuard } from "./guard.ts";
import { channelEndIn, hostKeyIn, serverSoftwareIn, stageIn } from "./log.ts";
import { type OwnProcess, startProcess } from "./process.ts";
import { type ClientTarget, hostAndPort } from "./target.ts";

/** Milliseconds between two looks for the control socket, which is there when the login is done. */
const lookMs = 10;

/** The log grows by some 400 bytes with each session; after so many it is emptied, so that it never holds much. */
const sessionsPerLog = 2_000;

export interface MasterOptions {
  /** Ends the login at once; the promise rejects with its reason. */
  signal: AbortSignal;
  /** Milliseconds, where the target's own timeout is longer. */
  timeoutMs?: number;
  prompter: Prompter;
  version: readonly [number, number];
  /** The host key of the first login: another one is refused. */
  pinned?: string;
}

/** A client that is logged in and carries sessions. Disposing ends it and removes its directory. */
export class Master implements AsyncDisposable {
  /** Resolves once, with the reason, when it ended; never rejects. */
  readonly closed: Promise<RemoteError>;
  /** Aborts at the same moment with the same reason. */
  readonly ended: AbortSignal;
  readonly #ended = new AbortController();
  #sessions = 0;
  #disposal: Promise<void> | undefined;

  constructor(
    readonly target: ClientTarget & { client: string },
    readonly meeting: Meeting,
    readonly facts: { hostKey: string; isDropbear: boolean },
    private readonly owned: Owned,
    said: () => string,
  ) {
    this.ended = this.#ended.signal;
    // Every command under way listens to it, and Node takes more than ten listeners for a leak.
    setMaxListeners(0, this.ended);
    const closed = deferred<RemoteError>();
    this.closed = closed.promise;
    this.ended.addEventListener("abort", () => closed.resolve(this.ended.reason));
    void owned.client.exited.then(async () => {
      const log = await readLog(meeting);
      this.#ended.abort(whyEnded(target, { log, stderr: said(), wasReady: true }));
      await endAll(owned);
    });
  }

  /** How the process on a channel ended; the channel is the master's own number for it. */
  async endOf(channel: number): Promise<ChannelEnd> {
    return channelEndIn(await readLog(this.meeting), channel);
  }

  /** Counts a session. */
  opened(): void {
    if (++this.#sessions % sessionsPerLog === 0) truncate(this.meeting.log, 0).catch(() => {});
  }

  /** Idempotent; never rejects. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  async #dispose(): Promise<void> {
    const { host } = this.target;
    this.#ended.abort(new RemoteError("closed", `The connection to ${hostAndPort(this.target)} was closed.`, { host }));
    await endAll(this.owned);
  }
}

/** What a master leaves behind if nobody ends it. */
interface Owned {
  directory: PrivateDirectory;
  /** With what carries its connection in the same group. */
  client: OwnProcess;
  guard: OwnProcess | undefined;
}

async function endAll({ directory, client, guard }: Owned): Promise<void> {
  await client.end();
  await guard?.end();
  await directory[Symbol.asyncDispose]();
}

/**
 * Logs in. The client checks the host key before it offers anything; the key of an earlier login is checked again before a
 * secret is given away and before the connection is used. Rejects with `RemoteError` or the signal's reason; then no
 * process and no file is left.
 */
export async function openMaster(target: ClientTarget & { client: string }, options: MasterOptions): Promise<Master> {
  const { signal, prompter, version, pinned } = options;
  signal.throwIfAborted();
  const directory = await privateDirectory();
  const meeting: Meeting = {
    socket: join(directory.path, socketName(target)),
    log: join(directory.path, "log"),
    askpass: "",
  };
  const over = new AbortController();
  const off = onAbort(signal, () => over.abort(signal.reason));
  const limitMs = Math.min(target.connectTimeoutMs, options.timeoutMs ?? Number.POSITIVE_INFINITY);
  const clock = new Clock(limitMs, () => {
    void readLog(meeting).then((log) => over.abort(loginTimedOut(target, limitMs, stageIn(log))));
  });
  const notes: string[] = [];
  let owned: Owned | undefined;
  let askpass: Askpass | undefined;
  try {
    askpass = await listenForQuestions(
      directory.path,
      answerer({
        target,
        prompter,
        namesAskers: isAtLeast(version, [8, 7]),
        signal: over.signal,
        checkMachine: async () => {
          const hostKey = hostKeyIn(await readLog(meeting));
          if (pinned !== undefined && hostKey !== undefined && hostKey !== pinned) throw keyChanged(target, hostKey);
        },
        standStill: (work) => clock.standStill(work),
        fail: (reason) => over.abort(reason),
        note: (text) => notes.push(text),
      }),
    );
    meeting.askpass = askpass.path;
    over.signal.throwIfAborted();
    const words = masterArguments(target, version, meeting);
    const client = startProcess(target.client, words, masterEnvironment(process.env, version, meeting));
    owned = { directory, client, guard: startGuard(client, directory.path) };
    const said = lastWords(client);
    await raceAbort(loggedIn(client, meeting, over.signal), over.signal);
    if (client.isOver) {
      const error = await client.exited;
      // Its output may be held open by a program on the way; what it said last is there a moment after its end.
      await raceAbort(client.closed, AbortSignal.timeout(100)).catch(() => {});
      if (error instanceof Error) throw cannotRunClient(target, error);
      throw whyEnded(target, { log: await readLog(meeting), stderr: said(), wasReady: false, notes });
    }
    const log = await readLog(meeting);
    const hostKey = hostKeyIn(log);
    if (hostKey === undefined) throw noHostKey(target);
    if (pinned !== undefined && hostKey !== pinned) throw keyChanged(target, hostKey);
    over.signal.throwIfAborted();
    const facts = { hostKey, isDropbear: /dropbear/i.test(serverSoftwareIn(log)) };
    return new Master(target, meeting, facts, owned, said);
  } catch (error) {
    over.abort(error);
    if (owned) await endAll(owned);
    else await directory[Symbol.asyncDispose]();
    throw over.signal.reason;
  } finally {
    off();
    clock.end();
    await askpass?.[Symbol.asyncDispose]();
  }
}

/** Resolves when the control socket is there or the client has ended. */
async function loggedIn(client: OwnProcess, { socket }: Meeting, signal: AbortSignal): Promise<void> {
  while (!client.isOver && !existsSync(socket)) await pause(lookMs, signal);
}

/** Short, and the same for the same target; the directory's own name is what nobody can guess. */
const socketName = ({ user, host, port }: ClientTarget): string =>
  createHash("sha256").update(`${user}@${host}:${port}`).digest("hex").slice(0, 10);

/** A client that never began to write has said nothing. */
const readLog = ({ log }: Meeting): Promise<string> => readFile(log, "utf8").catch(() => "");

/** The end of what a program says. */
function lastWords({ stdout, stderr }: OwnProcess): () => string {
  let text = "";
  stdout.resume();
  stderr.setEncoding("utf8").on("data", (chunk: string) => {
    text = (text + chunk).slice(-8_192);
  });
  return () => text;
}
