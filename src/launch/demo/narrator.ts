import * as z from "zod";

/** The events of `opencode run --format json` that tell a story. */
const event = z.union([
  z.object({ type: z.literal("text"), part: z.object({ text: z.string() }) }),
  z.object({
    type: z.literal("tool_use"),
    part: z.object({
      tool: z.string(),
      state: z.object({
        status: z.string(),
        input: z.record(z.string(), z.unknown()),
        output: z.string().optional(),
        error: z.string().optional(),
        metadata: z.record(z.string(), z.unknown()).optional(),
      }),
    }),
  }),
  z.object({ type: z.literal("error"), error: z.unknown() }),
]);

/** Prints each step of a headless session as it happens. `end` tells whether the last command succeeded. */
export function narrator(print: (text: string) => void = (text) => void process.stdout.write(text)) {
  let rest = "";
  let passed = false;

  const tell = (line: string) => {
    const parsed = event.safeParse(parse(line));
    if (!parsed.success) return;
    const { data } = parsed;
    if (data.type === "text") print(`\n${data.part.text.trim()}\n`);
    else if (data.type === "error") print(`\n! ${JSON.stringify(data.error)}\n`);
    else {
      const { tool, state } = data.part;
      const input = Object.entries(state.input).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
      const result = state.output ?? state.error ?? "";
      print(`\n▶ ${tool} ${input.join(" ")}\n${result.trimEnd().replace(/^/gm, "  │ ")}\n`);
      if (tool === "bash") passed = state.status === "completed" && state.metadata?.exit === 0;
    }
  };

  return {
    push(text: string) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) tell(line);
    },
    end(): boolean {
      tell(rest);
      print(passed ? "\n✓ The remote program's test passes.\n" : "\n✗ The remote program's test does not pass.\n");
      return passed;
    },
  };
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return;
  }
}
