import { chmod, rename, rm, writeFile } from "node:fs/promises";
import { run } from "./ssh-server.ts";

/** What one account may do by sudo; disposing takes it away again. */
export interface Sudoers extends AsyncDisposable {
  /** Lines in place of the present ones; `%` stands for the account. */
  allow(...lines: string[]): Promise<void>;
}

/** Nothing is allowed at first. Needs root. */
export function sudoersOf(user: string): Sudoers {
  // A name with a dot is not read, so sudo never sees a file that is not checked.
  const [file, draft] = [`/etc/sudoers.d/${user}`, `/etc/sudoers.d/${user}.draft`];
  return {
    async allow(...lines) {
      await writeFile(draft, lines.map((line) => `${line.replaceAll("%", user)}\n`).join(""));
      await chmod(draft, 0o440);
      try {
        await run("visudo", ["-cqf", draft]);
        await rename(draft, file);
      } finally {
        await rm(draft, { force: true });
      }
    },
    async [Symbol.asyncDispose]() {
      await rm(file, { force: true });
      await run("sh", ["-c", `rm -rf /run/sudo/ts/${user} /var/lib/sudo/lectured/${user} /var/lib/sudo/ts/${user}`]);
    },
  };
}
