import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { runCommand } from "../../src/workspace/command.ts";
import { findPlace } from "../../src/workspace/place.ts";
import { loginShell } from "../support/login-shells.ts";
import { sshHost } from "../support/ssh-place.ts";
import { startSshd } from "../support/sshd.ts";

/** What each shell reads for a command over ssh: prints on both streams, changes its own ways and the environment. */
const startFiles = {
  bash: {
    ".bashrc": `echo "Welcome"; echo "no newline after this" >&2; printf '\\033]0;title\\007 \\377 $ '
stty erase ^H; tput cols; mesg n
set -u; set -o pipefail; set -E; shopt -s expand_aliases extdebug
trap 'echo trapped' EXIT; trap 'echo debugging' DEBUG; trap '' TERM HUP PIPE
printf() { echo printf; }; sh() { echo sh; }; alias cd='echo cd' eval='echo eval' printf='echo printf'
export X=noisy PATH=/nowhere:$PATH TMOUT=1 CDPATH=/usr:/ IFS=/ POSIXLY_CORRECT=1 GREP_OPTIONS=-v
PROMPT_COMMAND='echo prompt'; sleep 0.2; echo "after a while"; echo "after a while" >&2
set -e`,
    ".bash_profile": "echo profile",
  },
  zsh: {
    ".zshenv": `print Welcome; print -u2 -n "no newline"; stty erase ^H
setopt errexit nounset shwordsplit nobadpattern; trap 'print trapped' EXIT; TRAPDEBUG() { print debugging }
alias printf='echo printf' -g G='| grep'; sh() { print sh }
export X=noisy; path=(/nowhere $path); IFS=/; CDPATH=/usr:/; true`,
    ".zshrc": "print zshrc",
  },
  fish: {
    ".config/fish/config.fish": `echo Welcome; echo -n "no newline" >&2; stty erase ^H
function bye --on-event fish_exit; echo bye; end
function printf; echo printf; end; function sh; echo sh; end; alias cat 'echo cat'
set -gx X noisy; set -gx PATH /nowhere $PATH; set -gx CDPATH /usr /; set fish_trace 1; false`,
  },
  tcsh: {
    ".cshrc": `echo Welcome; sh -c 'printf "no newline" >&2'; stty erase ^H
setenv X noisy; setenv PATH /nowhere:$PATH; setenv CDPATH /usr:/; set noclobber; set echo; set verbose
alias sh 'echo sh'; alias printf 'echo printf'; onintr -`,
    ".login": "echo login",
  },
} as const;

test.each(Object.keys(startFiles) as (keyof typeof startFiles)[])(
  "what the start files of %s print and change stays out of results",
  async (name) => {
    await using shell = await loginShell(name);
    await using sshd = await startSshd({ shell: shell.path });
    for (const [file, text] of Object.entries(startFiles[name])) {
      await mkdir(dirname(join(sshd.home, file)), { recursive: true });
      await writeFile(join(sshd.home, file), `${text}\n`);
    }
    await using host = sshHost(sshd);
    const place = await findPlace(host, undefined);
    expect(place.root).toBe(sshd.home);
    // More than shells are parked: a fresh one is no different.
    const commands = Array.from({ length: 8 }, async (_, index) => {
      const script = `printf '%s %s ' "$X" "\${PATH%%:*}"; cd / && pwd; echo err >&2; false; a='x y'; echo $a; (exit 3); exit ${index}`;
      const { stdout, stderr, exitCode } = await host.shell.exec(script);
      return [Buffer.from(stdout).toString(), Buffer.from(stderr).toString(), exitCode];
    });
    expect(await Promise.all(commands)).toEqual(
      Array.from({ length: 8 }, (_, index) => ["noisy /nowhere /\nx y\n", "err\n", index]),
    );
    const chunks: Uint8Array[] = [];
    const onOutput = (chunk: Uint8Array) => void chunks.push(chunk);
    const command = 'false; echo "$UNSET" "$X"; printf "%s\\n" a; sh -c "echo err >&2"; exit 5';
    const { exitCode } = await runCommand(host.shell, command, { timeoutMs: 30_000, onOutput });
    expect([Buffer.concat(chunks).toString(), exitCode]).toEqual([" noisy\na\nerr\n", 5]);
  },
);

describe("start files that end the shell", () => {
  test.each([
    ["bash", ".bashrc", "echo 'You may not log in.'; exit 3"],
    ["zsh", ".zshenv", "echo 'You may not log in.'; exit 0"],
  ] as const)("an honest error under %s", async (name, file, text) => {
    await using shell = await loginShell(name);
    await using sshd = await startSshd({ shell: shell.path });
    await writeFile(join(sshd.home, file), `${text}\n`);
    await using host = sshHost(sshd);
    await expect(host.shell.exec("echo ran")).rejects.toMatchObject({
      code: "not_posix",
      message: `The account ${sshd.user} on 127.0.0.1 does not run POSIX shell commands (it says: "You may not log in."); use an account with a login shell whose start files do not end it.`,
    });
  });
});
