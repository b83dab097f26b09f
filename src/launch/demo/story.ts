import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ScriptedTurn } from "./scripted-model.ts";

/** What the person asks; the scripted model does the rest. */
export const prompt = "The test in this directory fails. Find out why, fix it and show that it passes.";

const program = `#!/bin/sh
# Prints the sum of its arguments.
total=0
for number in "$@"; do
  total=$((total - number))
done
echo "$total"
`;

const test = `#!/bin/sh
# Succeeds when sum.sh adds up.
got=$(sh ./sum.sh 1 2 3)
if [ "$got" = 6 ]; then
  echo "ok: 1 + 2 + 3 = $got"
else
  echo "FAILED: 1 + 2 + 3 = $got, expected 6"
  exit 1
fi
`;

/** A small failing program for the throwaway host; needs only `sh`. */
export async function writeProgram(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "sum.sh"), program);
  await writeFile(join(directory, "test.sh"), test);
}

/** The model's part: look, run, read, fix, run again. Paths are relative, as they are in the remote directory. */
export const turns: readonly ScriptedTurn[] = [
  { text: "I will look at what is there.", calls: [{ name: "glob", arguments: { pattern: "*" } }] },
  { text: "Now the test.", calls: [{ name: "bash", arguments: { command: "uname -sm; sh test.sh" } }] },
  { text: "It does not add up. The program:", calls: [{ name: "read", arguments: { filePath: "sum.sh" } }] },
  {
    text: "It subtracts where it should add.",
    calls: [
      {
        name: "edit",
        arguments: {
          filePath: "sum.sh",
          oldString: "total=$((total - number))",
          newString: "total=$((total + number))",
        },
      },
    ],
  },
  { text: "And once more:", calls: [{ name: "bash", arguments: { command: "sh test.sh" } }] },
  { text: "sum.sh subtracted its arguments; it adds them up now and the test passes." },
];
