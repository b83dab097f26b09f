/** Words that name the command, by its first word; every other command is named by one word. */
const BY_WORDS: Readonly<Record<2 | 3, string>> = {
  2: `bazel brew bun cargo cdk cf cmake composer consul crictl deno docker eksctl firebase flyctl git go gradle helm
    heroku hugo ip kind kubectl kustomize make mc minikube mongosh mysql mvn ng npm nvm nx openssl pip pipenv pnpm
    poetry podman psql pulumi pyenv python rake rbenv redis-cli rustup serverless skaffold sls sst swift systemctl
    terraform tmux turbo ufw vault vercel volta wp yarn`,
  3: "aws az doctl gcloud gh sfdx",
};

/** Subcommands that have subcommands of their own: three words name the command. */
const NESTED: Readonly<Record<string, string>> = {
  bun: "run x",
  cargo: "add run",
  consul: "kv",
  deno: "task",
  docker: "builder compose container image network volume",
  eksctl: "create",
  git: "config remote stash",
  ip: "addr link netns route",
  kind: "create",
  kubectl: "kustomize rollout",
  mc: "admin",
  npm: "exec init run view",
  openssl: "req x509",
  pnpm: "dlx exec run",
  podman: "container image",
  pulumi: "stack",
  terraform: "workspace",
  vault: "auth kv",
  yarn: "dlx run",
};

const split = (words: string | undefined): readonly string[] => words?.split(/\s+/) ?? [];

const THREE: ReadonlySet<string> = new Set(split(BY_WORDS[3]));
const TWO: ReadonlySet<string> = new Set(split(BY_WORDS[2]));
const THREE_WITH_SUBCOMMAND: ReadonlySet<string> = new Set(
  Object.entries(NESTED).flatMap(([command, subcommands]) => split(subcommands).map((sub) => `${command} ${sub}`)),
);

/**
 * The leading words that say what a command does, so that "always allow" covers `git status` and not all of git.
 * The built-in bash tool's table; flags count as words there, too.
 */
export function commandPrefix(words: readonly string[]): readonly string[] {
  const [name = "", subcommand = ""] = words;
  if (THREE.has(name) || THREE_WITH_SUBCOMMAND.has(`${name} ${subcommand}`)) return words.slice(0, 3);
  return words.slice(0, TWO.has(name) ? 2 : 1);
}
