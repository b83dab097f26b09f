import { beforeAll, describe } from "vitest";
import { commitClauses } from "./clauses/commit.ts";
import { severalClauses } from "./clauses/commit-several.ts";
import { filesClauses } from "./clauses/files.ts";
import { lifeClauses } from "./clauses/life.ts";
import { searchClauses } from "./clauses/search.ts";
import { shellClauses } from "./clauses/shell.ts";
import { stopClauses } from "./clauses/stop.ts";
import type { Fixture } from "./fixture.ts";

/** What every RemoteHost must keep; `name` is the host's. */
export function remoteHostContract(name: string, fixture: Fixture): void {
  describe(`RemoteHost: ${name}`, () => {
    beforeAll(() => {
      for (const [capability, why] of Object.entries(fixture.lacks ?? {})) {
        console.warn(`CONTRACT: ${name} lacks "${capability}": ${why}; its clauses are skipped.`);
      }
    });
    describe("shell", () => shellClauses(fixture));
    describe("stopping", () => stopClauses(fixture));
    describe("files", () => filesClauses(fixture));
    describe("commit", () => commitClauses(fixture));
    describe("commits of several files and several commits", () => severalClauses(fixture));
    describe("search", () => searchClauses(fixture));
    describe("life", () => lifeClauses(fixture));
  });
}
