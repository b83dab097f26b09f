import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** How often the screen is read; a person would not notice a shorter wait. */
const pollMs = 100;

export interface TuiOptions {
  command: string;
  args?: string[];
  /** The whole environment of the command (tmux adds TERM and TMUX). */
  env?: Record<string, string>;
  cwd?: string;
  /** Columns, default 140: OpenCode draws its sidebar above 120. */
  width?: number;
  /** Rows, default 40. */
  height?: number;
}

/** A full-screen program in a tmux server of its own. Disposing ends that server and nothing else. */
export interface Tui extends AsyncDisposable {
  /** The visible text, trailing blanks of lines removed. */
  screen(): Promise<string>;
  /** Resolves with the screen once it matches; rejects with the last screen after `timeoutMs` (default 20 000). */
  waitFor(pattern: RegExp, timeoutMs?: number): Promise<string>;
  /** Types keys by tmux's names (`Enter`, `Escape`, `C-c`, `Down`); anything else is typed as it is. */
  send(...keys: string[]): Promise<void>;
  /** Types text literally, without Enter. */
  type(text: string): Promise<void>;
  /** Types `text` (plain words without pattern characters) once the program echoes it, then Enter. */
  submit(text: string): Promise<void>;
}

/** Starts `command` in a private tmux server (own socket in a private directory, no config file). */
export async function startTui(options: TuiOptions): Promise<Tui> {
  const { command, args = [], env = {}, cwd = tmpdir(), width = 140, height = 40 } = options;
  // tmux's `-L` names a socket in TMUX_TMPDIR; a directory of its own keeps every other server out of reach.
  const dir = await mkdtemp(join(tmpdir(), "tui-"));
  const tmux = async (...words: string[]) => {
    const { stdout } = await run("tmux", ["-L", "tui", "-f", "/dev/null", ...words], {
      env: { PATH: process.env.PATH, LANG: "C.UTF-8", TMUX_TMPDIR: dir },
    });
    return stdout;
  };
  const environment = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const size = ["-x", String(width), "-y", String(height)];
  // The pane outlives its program, so that the last words of a crash can still be read.
  const keep = ["set-option", "-g", "remain-on-exit", "on", ";"];
  const session = [
    "new-session",
    "-d",
    ...size,
    "-c",
    cwd,
    "--",
    "env",
    "-i",
    "TERM=tmux-256color",
    "COLORTERM=truecolor",
  ];
  await tmux("start-server", ";", ...keep, ...session, ...environment, command, ...args);

  const screen = async () => (await tmux("capture-pane", "-p")).replace(/[ \t]+$/gm, "");
  const waitFor = async (pattern: RegExp, timeoutMs = 20_000) => {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const text = await screen();
      if (pattern.test(text)) return text;
      if (performance.now() > end) throw new Error(`${pattern} did not appear within ${timeoutMs} ms:\n${text}`);
      await delay(pollMs);
    }
  };
  const send = async (...keys: string[]) => void (await tmux("send-keys", ...keys));
  const type = async (text: string) => void (await tmux("send-keys", "-l", "--", text));
  return {
    screen,
    waitFor,
    send,
    type,
    async submit(text) {
      // A program that draws its prompt before it reads keys loses the first ones.
      for (let attempt = 1; attempt <= 5; attempt++) {
        await type(text);
        const seen = await waitFor(new RegExp(text), 5_000).catch(() => undefined);
        if (seen !== undefined) return send("Enter");
        await send("C-u");
      }
      throw new Error(`the program did not echo ${JSON.stringify(text)}:\n${await screen()}`);
    },
    async [Symbol.asyncDispose]() {
      // Rejects when the server has already ended, which is what is wanted.
      await tmux("kill-server").catch(() => undefined);
      await rm(dir, { recursive: true, force: true });
    },
  };
}
