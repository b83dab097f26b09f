import * as z from "zod";
import { RemoteError } from "../remote/error.ts";
import { type RemotePath, remotePath } from "../remote/path.ts";
import type { GlobQuery, GrepMatch, GrepQuery, RemoteSearch } from "../remote/search.ts";
import type { RemoteShell } from "../remote/shell.ts";
import { shellQuote } from "../util/shell-quote.ts";
import { parseAnswer } from "./answers.ts";
import { countsCharacters, toExtendedRegex, toFindNames } from "./find-pattern.ts";
import { globMatcher } from "./glob.ts";
import prelude from "./scripts/prelude.sh";
import searchScript from "./scripts/search.sh";

/** Searching a big tree on a slow disk takes a while; the remote does all of it. */
const searchTimeoutMs = 300_000;
/** Names that a host without ripgrep sends for a glob, which is then matched here. */
const maxListed = 50_000;

/** Search over any POSIX shell: ripgrep where it is installed, else find and grep. `host` names the machine in errors. */
export function posixSearch(shell: RemoteShell, host: () => string): RemoteSearch {
  const search = async (kind: "glob" | "grep", query: GrepQuery) => {
    const ere = kind === "grep" ? toExtendedRegex(query.pattern) : undefined;
    const names = query.include ? toFindNames(query.include) : [];
    const vars = {
      KIND: kind,
      D: query.dir,
      PATTERN: query.pattern,
      INCLUDE: query.include ?? "",
      LIMIT: String(query.limit + 1),
      LISTED: String(maxListed),
      ERE: (names && ere) ?? "",
      WIDE: countsCharacters(query.pattern) ? "1" : "",
      NAMES: names?.length ? `\\( ${names.map(shellQuote).join(" ")} \\)` : "",
    };
    const head = Object.entries(vars).map(([name, value]) => `${name}=${shellQuote(value)}\n`);
    const text = head.join("") + prelude + searchScript;
    const result = await shell.exec(text, { lane: "file", signal: query.signal, timeoutMs: searchTimeoutMs });
    if (result.ended === "aborted") throw query.signal?.reason;
    const { code, body } = parseAnswer(result, host(), query.dir, "search");
    if (code === "absent") throw refuse("not_found", query.dir, "it does not exist");
    if (code === "notdir") throw refuse("not_a_directory", query.dir, "it is not a directory");
    if (code === "denied") throw refuse("permission_denied", query.dir, "the account may not enter it");
    if (code === "inexpressible") throw inexpressible(query.dir);
    if (code === "rg") rejectBadPattern(Buffer.from(result.stderr).toString("utf8"), query.dir);
    return { tool: code, lines: body.toString("utf8").split("\n").slice(0, -1) };
  };

  const refuse = (code: ConstructorParameters<typeof RemoteError>[0], path: RemotePath, why: string) =>
    new RemoteError(code, `Cannot search ${path} on ${host()}: ${why}.`, { host: host(), path });
  const inexpressible = (path: RemotePath) =>
    refuse("unsupported", path, "this pattern needs ripgrep, which is not installed there; use a simpler pattern");
  const rejectBadPattern = (stderr: string, path: RemotePath) => {
    // rg(1): 0 found, 1 nothing found, 2 an error; 141 and others when `head` closed the pipe.
    if (!/^status 2$/m.test(stderr)) return;
    const said = stderr.replace(/^status \d+$/m, "").trim();
    if (said) throw new RemoteError("config", said, { host: host(), path });
  };

  return {
    async glob(query: GlobQuery) {
      const { tool, lines } = await search("glob", query);
      const names = lines.map((line) => line.replaceAll("\0", "\n").replace(/^\.\//, ""));
      const matches = tool === "rg" ? () => true : globMatcher(query.pattern);
      if (!matches) throw inexpressible(query.dir);
      const found = names.filter((name) => matches(name));
      const paths = found.slice(0, query.limit).map((name) => remotePath(name, query.dir));
      return { paths, truncated: found.length > query.limit || (tool === "find" && lines.length >= maxListed) };
    },
    async grep(query) {
      const { tool, lines } = await search("grep", query);
      const matches =
        tool === "rg" ? lines.flatMap((line) => parseJsonMatch(line, query.dir) ?? []) : parseHits(lines, query.dir);
      return { matches: matches.slice(0, query.limit), truncated: matches.length > query.limit };
    },
  };
}

const text = z.object({ text: z.string() });
const jsonMatch = z.object({ data: z.object({ path: text, lines: text, line_number: z.number() }) });

function parseJsonMatch(line: string, dir: RemotePath): GrepMatch | undefined {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return; // Cut off at the byte limit.
  }
  const parsed = jsonMatch.safeParse(json);
  // Names and lines that are not UTF-8 come as base64; the built-in cannot show them either.
  if (!parsed.success) throw new RemoteError("protocol", "Invalid ripgrep match output", { path: dir });
  const { path, lines, line_number } = parsed.data.data;
  return { path: remotePath(path.text, dir), line: line_number, text: lines.text };
}

/** What `hits` of search.sh prints. */
function parseHits(lines: readonly string[], dir: RemotePath): GrepMatch[] {
  const matches: GrepMatch[] = [];
  let path = dir;
  let newlines = 0;
  for (const line of lines) {
    const [, count, name] = /^f(\d+) (.*)$/s.exec(line) ?? [];
    if (name !== undefined) {
      path = remotePath(name, dir);
      newlines = Number(count);
    }
    // grep ends every line it prints; a last line without a newline has one more than the file.
    const [, number, text] = /^m(\d+):(.*)$/s.exec(line) ?? [];
    if (text !== undefined)
      matches.push({ path, line: Number(number), text: Number(number) > newlines ? text : `${text}\n` });
  }
  return matches;
}
