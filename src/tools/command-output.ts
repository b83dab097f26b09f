import { createTail, type TailLimits, tailOf } from "../text/truncate.ts";
import type { OpenCode } from "./opencode.ts";
import { type SavedOutput, saveOutput } from "./saved-output.ts";

export interface FinishedOutput {
  /** What the model sees. */
  text: string;
  /** What the TUI's block shows. */
  preview: string;
  truncated: boolean;
  /** Where all of it lies on this machine, as far as it was saved; only when something was cut. */
  path: string | undefined;
}

/** A command's output while it arrives, in memory that does not grow with it. */
export interface CommandOutput {
  push(chunk: Uint8Array): void;
  /** The end of what came so far, as the built-in shows it while a command runs. */
  preview(): string;
  /** The built-in's text, with `notices` for the model behind it. */
  finish(notices: readonly string[]): FinishedOutput;
  /** Removes what was saved: there is no answer that could name it. */
  discard(): void;
}

/** UTF-16 units that the built-in shows of a running command, and what stands before them when there was more. */
const previewLength = 30_000;
const previewMark = "...\n\n";
/** Bytes of a UTF-8 character. */
const longestCharacter = 4;

export function collectOutput({
  outputDirectory,
  limits,
}: Pick<OpenCode, "outputDirectory" | "limits">): CommandOutput {
  // Twice what is shown, as the built-in keeps: a cut at a line's beginning finds one.
  const tail = createTail(Math.max(2 * limits.maxBytes, previewLength * longestCharacter));
  let total = 0;
  let saved: SavedOutput | undefined;

  const save = (): SavedOutput => {
    if (saved) return saved;
    saved = saveOutput(outputDirectory);
    saved.write(tail.bytes());
    return saved;
  };
  const preview = () => {
    // A character that is not complete yet is left for the next time.
    const text = new TextDecoder().decode(tail.bytes(), { stream: true });
    const isCut = tail.dropped > 0 || text.length > previewLength;
    return isCut ? previewMark + wholeCharacters(text.slice(-previewLength)) : text;
  };

  return {
    push(chunk) {
      // Everything before this chunk is still in memory when the file is opened.
      if (total + chunk.length > limits.maxBytes) save().write(chunk);
      tail.push(chunk);
      total += chunk.length;
    },
    preview,
    finish(notices) {
      const shown = preview();
      const text = new TextDecoder().decode(tail.bytes());
      const whole = (text || "(no output)") + noticeBlock(notices);
      if (!saved && fits(whole, limits))
        return { text: whole, preview: shown || whole, truncated: false, path: undefined };
      const { path, failure, dropped } = close(save());
      const said = noticeBlock([...notices, ...savedNotices(total, dropped, failure)]);
      const head = `...output truncated...\n\n${path ? `Full output saved to: ${path}\n\n` : ""}`;
      return { text: head + endOf(text, without(limits, head + said)) + said, preview: shown, truncated: true, path };
    },
    discard: () => saved?.remove(),
  };
}

function close(saved: SavedOutput): SavedOutput {
  saved.close();
  return saved;
}

/** What the file lacks: the built-in saves all, but there no server decides how much that is. */
function savedNotices(total: number, dropped: number, failure: string | undefined): string[] {
  if (failure !== undefined) return [`The full output could not be saved on the local machine: ${failure}`];
  if (dropped === 0) return [];
  return [`The file holds the first ${megabytes(total - dropped)} of ${megabytes(total)}; the end is shown above.`];
}

const megabytes = (bytes: number): string => `${(bytes / (1024 * 1024)).toFixed(1)} MB`;

const noticeBlock = (notices: readonly string[]): string =>
  notices.length ? `\n\n<shell_metadata>\n${notices.join("\n")}\n</shell_metadata>` : "";

/** The built-in shows nothing of a giant line that a line break ends; its tail is worth more. */
const endOf = (text: string, limits: TailLimits): string =>
  tailOf(text, limits).text || tailOf(text.replace(/\n$/, ""), limits).text || "(no output)";

const breaksIn = (text: string): number => text.split("\n").length - 1;

const fits = (text: string, { maxLines, maxBytes }: TailLimits): boolean =>
  breaksIn(text) < maxLines && Buffer.byteLength(text) <= maxBytes;

/** What is left beside `frame`. OpenCode would cut a longer text a second time, and its end would go. */
const without = ({ maxLines, maxBytes }: TailLimits, frame: string): TailLimits => ({
  maxLines: Math.max(1, maxLines - breaksIn(frame)),
  maxBytes: Math.max(0, maxBytes - Buffer.byteLength(frame)),
});

/** Without the second half of a character that a cut left in front. */
const wholeCharacters = (text: string): string => text.replace(/^[\udc00-\udfff]/, "");
