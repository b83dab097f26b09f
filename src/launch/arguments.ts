import { parseArgs } from "node:util";

export type Invocation =
  | { kind: "help" }
  | { kind: "version" }
  | { kind: "demo"; tui: boolean }
  /** `location` as typed; absent: `REMOTE_SSH` says where. `rest` goes to OpenCode as it is. */
  | { kind: "open"; location?: string; rest: string[] }
  | { kind: "wrong"; problem: string };

export const usage = `Usage: remote-opencode [user@]host[:/directory] [-- opencode arguments]
       remote-opencode --demo [--tui]

Opens OpenCode here with its tools acting on the host. Without an argument, REMOTE_SSH (an ssh command line)
and REMOTE_WORKDIR (a directory there) say where. A host named here replaces both, and the passwords set for theirs.

  --demo       a throwaway host and a scripted model: watch the tools fix a small program
  --tui        with --demo: the same in OpenCode's own screen
  --help       this text
  --version    the version
`;

const ownOptions = ["--demo", "--tui", "--help", "-h", "--version"];

/** Reads the launcher's own arguments; everything after `--` is OpenCode's. */
export function parseInvocation(argv: readonly string[]): Invocation {
  const cut = argv.indexOf("--");
  const own = cut < 0 ? [...argv] : argv.slice(0, cut);
  const rest = cut < 0 ? [] : argv.slice(cut + 1);
  const flags = { type: "boolean" } as const;
  let parsed: ReturnType<typeof read>;
  const read = () =>
    parseArgs({
      args: own,
      allowPositionals: true,
      options: { demo: flags, tui: flags, help: { ...flags, short: "h" }, version: flags },
    });
  try {
    parsed = read();
  } catch {
    const option = own.find((word) => word.startsWith("-") && !ownOptions.includes(word)) ?? "";
    return { kind: "wrong", problem: `${option} is not an option of remote-opencode; put OpenCode's own after --.` };
  }
  const { values, positionals } = parsed;
  if (values.help) return { kind: "help" };
  if (values.version) return { kind: "version" };
  if (values.tui && !values.demo) return { kind: "wrong", problem: "--tui goes with --demo." };
  if (positionals.length > 1) {
    return {
      kind: "wrong",
      problem: `One host at a time: ${positionals.slice(1).join(" ")} is too much; put OpenCode's own arguments after --.`,
    };
  }
  if (values.demo) {
    if (positionals.length) return { kind: "wrong", problem: "--demo brings its own host; leave the other one out." };
    return { kind: "demo", tui: values.tui ?? false };
  }
  return { kind: "open", location: positionals[0], rest };
}
