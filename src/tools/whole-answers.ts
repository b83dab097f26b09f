import { rm } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { ToolResult } from "@opencode-ai/plugin/tool";

type Answer = Exclude<ToolResult, string>;

/** What OpenCode's `tool.execute.after` hook may change. */
export interface HookedAnswer {
  output: string;
  metadata: unknown;
}

/**
 * Answers between a tool and the end of its call. OpenCode cuts a plugin tool's text at its limits, keeping the head, and says
 * of every text whether *it* cut it. The built-in tools are spared that: their texts are cut already, where it makes sense.
 */
export interface WholeAnswers {
  /** `callID` as OpenCode gives it to the call and to the hook. */
  keep(callID: unknown, answer: ToolResult): void;
  /** Gives the call its own answer back, and removes the file that OpenCode made of it; for `tool.execute.after`. */
  restore(callID: string, answer: HookedAnswer): Promise<void>;
}

/** Calls whose end is not told (they were aborted) are forgotten when so many others have come. */
const maxKept = 64;

export function wholeAnswers(outputDirectory: string): WholeAnswers {
  const kept = new Map<string, Answer>();

  return {
    keep(callID, answer) {
      if (typeof callID !== "string" || typeof answer === "string") return;
      kept.set(callID, answer);
      const [oldest] = kept.keys();
      if (kept.size > maxKept && oldest !== undefined) kept.delete(oldest);
    },
    async restore(callID, answer) {
      const own = kept.get(callID);
      if (!own) return;
      kept.delete(callID);
      const saved = pathIn(answer.metadata);
      answer.output = own.output;
      answer.metadata = own.metadata ?? {};
      if (saved === undefined || saved === pathIn(own.metadata)) return;
      if (dirname(saved) === outputDirectory && basename(saved).startsWith("tool_")) {
        await rm(saved, { force: true }).catch(() => {});
      }
    },
  };
}

function pathIn(metadata: unknown): string | undefined {
  if (typeof metadata !== "object" || metadata === null || !("outputPath" in metadata)) return;
  return typeof metadata.outputPath === "string" ? metadata.outputPath : undefined;
}
