import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Programs that the suites run for real, and the Debian packages that bring them. */
const needed: Record<string, string> = {
  sshd: "openssh-server",
  ssh: "openssh-client",
  dropbear: "dropbear-bin",
  rg: "ripgrep",
  busybox: "busybox",
  tmux: "tmux",
  git: "git",
  shellcheck: "shellcheck",
  sudo: "sudo",
  zsh: "zsh",
  tcsh: "tcsh",
  fish: "fish",
};

function isInstalled(program: string): boolean {
  const directories = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin", "/sbin"];
  return directories.some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const missing = () => Object.keys(needed).filter((program) => !isInstalled(program));

/**
 * Makes sure that this process may run the suites and that everything they need is installed: with apt-get where there is
 * one, else it throws and names what is missing. A suite is never left out because something is not there.
 */
export function ensureRequirements(): void {
  if (process.getuid?.() !== 0) {
    throw new Error("The tests make throwaway accounts, which only root may: run them as root, best in a container.");
  }
  const before = missing();
  if (before.length === 0) return;
  const packages = before.flatMap((program) => needed[program] ?? []);
  if (isInstalled("apt-get")) {
    console.log(`Installing ${packages.join(", ")} for the tests.`);
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    spawnSync("apt-get", ["update", "-qq"], { stdio: "inherit", env });
    spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], { stdio: "inherit", env });
  }
  const still = missing();
  if (still.length > 0) {
    const names = still.map((program) => `${program} (${needed[program]})`).join(", ");
    throw new Error(`The tests need ${names}; install them and try again.`);
  }
}
