import { type ChildProcess, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { pause } from "../util/pause.ts";
import { withoutSecrets } from "../util/secrets.ts";

/** Milliseconds between a polite end and the other one. */
const graceMs = 1_000;

/** A program of ours in a process group of its own: a signal for the terminal does not reach it, and one call ends it whole. */
export interface OwnProcess {
  /** Also the number of its group; undefined when it could not be started. */
  readonly pid: number | undefined;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** The exit status, null after a signal, or the error that kept it from starting; once its output was read. */
  readonly closed: Promise<number | null | Error>;
  /** The same without waiting for its output, which a child of it may hold open. */
  readonly exited: Promise<number | null | Error>;
  readonly isOver: boolean;
  /** TERM to the whole group, KILL a second later; resolves when the program itself is gone. */
  end(): Promise<void>;
  /** TERM to the program alone, which then leaves in its own way. */
  terminate(): void;
}

/** The client passes its environment on to what the configuration names (ProxyCommand, Match exec): it gets none of our secrets. */
export function startProcess(program: string, words: readonly string[], env: NodeJS.ProcessEnv): OwnProcess {
  const child = spawn(program, words, { env: withoutSecrets(env), detached: true, stdio: ["pipe", "pipe", "pipe"] });
  const { stdin, stdout, stderr } = child;
  // Without a listener the error of a stream whose other end is gone would end the process.
  for (const stream of [stdin, stdout, stderr]) stream.on("error", () => {});
  let isOver = false;
  const ended = (event: "exit" | "close") =>
    new Promise<number | null | Error>((resolve) => {
      child.once("error", resolve);
      child.once(event, (code: number | null) => resolve(code));
    });
  const exited = ended("exit");
  const closed = ended("close");
  void exited.then(() => {
    isOver = true;
  });
  return {
    pid: child.pid,
    stdin,
    stdout,
    stderr,
    closed,
    exited,
    get isOver() {
      return isOver;
    },
    terminate: () => void (isOver || child.kill("SIGTERM")),
    end: () => endGroup(child, exited),
  };
}

async function endGroup({ pid }: ChildProcess, exited: Promise<unknown>): Promise<void> {
  if (pid === undefined) return;
  const done = new AbortController();
  signalGroup(pid, "SIGTERM");
  const late = pause(graceMs, done.signal).then(
    () => signalGroup(pid, "SIGKILL"),
    () => {},
  );
  await exited;
  done.abort();
  await late;
}

/** The group lives as long as any of its members; one that is gone is no error. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody is left in it.
  }
}
