import { expect, it } from "vitest";
import { commandPrefix } from "../../../src/tools/command-arity.ts";

it.each([
  ["ls -la x", "ls"],
  ["git status --short", "git status"],
  ["git remote add x", "git remote add"],
  ["npm run build -- x", "npm run build"],
  ["npm install x", "npm install"],
  ["docker compose up -d", "docker compose up"],
  ["aws s3 ls x", "aws s3 ls"],
  ["python script.py x", "python script.py"],
  ["git", "git"],
  ["constructor x", "constructor"],
  ["bun constructor x", "bun constructor"],
])("%s is remembered as %s", (command, prefix) => {
  expect(commandPrefix(command.split(" ")).join(" ")).toBe(prefix);
});

it("no words have no prefix", () => {
  expect(commandPrefix([])).toEqual([]);
});
