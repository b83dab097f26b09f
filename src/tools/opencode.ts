import { homedir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { OUTPUT_LIMITS, type TailLimits } from "../text/truncate.ts";
import { type WholeAnswers, wholeAnswers } from "./whole-answers.ts";

/** What the tools know of the OpenCode that runs them. */
export interface OpenCode {
  /**
   * Absolute path, on this machine, of the directory where OpenCode keeps outputs that it cut. It names files there to the
   * model, and removes those called `tool_…` after seven days.
   */
  readonly outputDirectory: string;
  /** What one tool call may show the model; OpenCode cuts the rest of a plugin tool's text away, from its end. */
  limits: TailLimits;
  /** Answers of the tools until OpenCode has taken them. */
  readonly answers: WholeAnswers;
}

const positive = z.number().int().positive().optional().catch(undefined);
const settings = z.object({ tool_output: z.object({ max_lines: positive, max_bytes: positive }) });

/** `$XDG_DATA_HOME/opencode/tool-output`; the same on every system, as OpenCode takes its data directory. */
export const outputDirectory = (env: NodeJS.ProcessEnv = process.env): string =>
  join(env.XDG_DATA_HOME || join(homedir(), ".local", "share"), "opencode", "tool-output");

/** The limits of an OpenCode configuration, of whatever version; those it does not name are OpenCode's own. */
export function outputLimits(config: unknown): TailLimits {
  const { data } = settings.safeParse(config);
  const { max_lines: maxLines, max_bytes: maxBytes } = data?.tool_output ?? {};
  return { maxLines: maxLines ?? OUTPUT_LIMITS.maxLines, maxBytes: maxBytes ?? OUTPUT_LIMITS.maxBytes };
}

/** What is known of an OpenCode before it tells its configuration. */
export const openCodeWith = (directory: string): OpenCode => ({
  outputDirectory: directory,
  limits: OUTPUT_LIMITS,
  answers: wholeAnswers(directory),
});
