import * as z from "zod";

/** What the server plugin knows of the remote and the TUI plugin shows. Holds no secret. */
export const status = z.object({
  /** `user@host`, with the port unless it is 22. */
  machine: z.string(),
  /** The working directory; `~` until the account's home is known. */
  path: z.string(),
  state: z.enum(["idle", "connecting", "connected", "failed"]),
  /** Why the state is `failed`; one sentence. */
  reason: z.string().optional(),
});
export type Status = z.infer<typeof status>;

/**
 * The two plugins live in different threads and share no memory. `tui.command.execute` with a command that nobody knows is
 * delivered to both and otherwise ignored, so it carries the status one way and the question for it the other.
 */
const prefix = "remote-code.status:";
const question = "remote-code.status?";

export const askForStatus = (): string => question;
export const isStatusQuestion = (command: string): boolean => command === question;
export const encodeStatus = (value: Status): string => prefix + JSON.stringify(value);

/** Undefined for every other command, and for what does not fit the schema. */
export function decodeStatus(command: string): Status | undefined {
  if (!command.startsWith(prefix)) return;
  try {
    return status.parse(JSON.parse(command.slice(prefix.length)));
  } catch {
    return;
  }
}
