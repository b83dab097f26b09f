import { readFile, stat } from "node:fs/promises";
import { devNull } from "node:os";
import { isAbsolute, join } from "node:path";
import { applyKeyword } from "./config-keyword.ts";
import { readConfigLine, splitArguments } from "./config-line.ts";
import { expandGlob } from "./include.ts";
import { evaluateMatch, type MatchSubject } from "./match.ts";
import { expandHome } from "./paths.ts";
import { matchesHostLine } from "./patterns.ts";
import { shown } from "./problems.ts";

/** OpenSSH's READCONF_MAX_DEPTH. */
const MAX_DEPTH = 16;
/** An ssh_config of thousands of hosts has some hundred kB. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;

export interface ConfigFile {
  path: string;
  /** The user's own: `~` is allowed in Include, whose relative names lie in `~/.ssh` and not beside the machine's file. */
  isUsers: boolean;
  /** Somebody else may not own it or be able to write to it. */
  isChecked?: boolean;
  /** Its absence is a problem. */
  isRequired?: boolean;
}

/** One reading of the configuration; `settings` fills up, the first value of a keyword stays. */
export interface Reading {
  settings: Map<string, string[]>;
  home: string;
  /** Where the machine's own configuration lies. */
  systemDirectory: string;
  subject: () => MatchSubject;
  wantsFinal: boolean;
  /** The files include each other without end: no further line is read. */
  isStopped: boolean;
  problems: string[];
  warnings: Set<string>;
}

interface Place {
  /** For problems: file and line. */
  at: string;
  file: ConfigFile;
  depth: number;
  /** Inside a block that does not count: nothing in it does, whatever its own Host lines say. */
  neverMatches: boolean;
}

function matchLine(reading: Reading, rest: string, place: Place): boolean {
  const result = evaluateMatch(rest, reading.subject());
  if (typeof result === "string") {
    reading.problems.push(`${place.at}: ${result}; see ssh_config(5).`);
    return false;
  }
  reading.wantsFinal ||= result.wantsFinal;
  if (result.unanswered && !place.neverMatches) {
    reading.warnings.add(
      `${place.at}: the block Match ${result.unanswered} is left out: only an ssh client can evaluate it, and there is none on PATH.`,
    );
  }
  return result.matches && !place.neverMatches;
}

async function include(reading: Reading, rest: string, place: Place, isActive: boolean): Promise<void> {
  const args = splitArguments(rest);
  if (!args?.length || args.includes("")) {
    reading.problems.push(`${place.at}: Include cannot be used; write the names of files after it.`);
    return;
  }
  const { isUsers } = place.file;
  for (const name of args) {
    if (name.startsWith("~") && !isUsers) {
      reading.problems.push(`${place.at}: Include ${shown(name)} begins with ~, which only a user's own file may use.`);
      continue;
    }
    const expanded = expandHome(name, reading.home);
    const directory = isUsers ? join(reading.home, ".ssh") : reading.systemDirectory;
    for (const path of await expandGlob(isAbsolute(expanded) ? expanded : join(directory, expanded))) {
      const inner = { at: place.at, file: { path, isUsers, isChecked: true }, depth: place.depth + 1 };
      await readOne(reading, { ...inner, neverMatches: place.neverMatches || !isActive });
      if (reading.isStopped) return;
    }
  }
}

async function textOf(file: ConfigFile): Promise<string | { problem?: string }> {
  try {
    if (file.path === devNull) return "";
    const found = await stat(file.path);
    // A pipe could keep the reading waiting for ever.
    if (!found.isFile()) return { problem: "is no regular file" };
    if (found.size > MAX_FILE_BYTES) return { problem: `is larger than ${MAX_FILE_BYTES} bytes` };
    const isOthers = found.uid !== 0 && found.uid !== process.getuid?.();
    if (file.isChecked && process.platform !== "win32" && (isOthers || (found.mode & 0o022) !== 0)) {
      return {
        problem: "belongs to somebody else or can be written by others, which ssh refuses; correct its owner or mode",
      };
    }
    return await readFile(file.path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    if (code === "ENOENT" && !file.isRequired) return {};
    return { problem: code === "ENOENT" ? "does not exist" : `cannot be read (${code})` };
  }
}

async function readOne(reading: Reading, place: Place): Promise<void> {
  const { file, depth } = place;
  if (depth > MAX_DEPTH) {
    reading.problems.push(
      `${place.at}: Include is nested deeper than ${MAX_DEPTH} files; look for files that include each other.`,
    );
    reading.isStopped = true;
    return;
  }
  const text = await textOf(file);
  if (typeof text !== "string") {
    if (text.problem) reading.problems.push(`The ssh configuration ${file.path} ${text.problem}.`);
    return;
  }
  let isActive = !place.neverMatches;
  for (const [index, content] of text.split("\n").entries()) {
    const line = readConfigLine(content);
    if (!line) continue;
    const here: Place = { ...place, at: `${file.path} line ${index + 1}` };
    const keyword = line.keyword.toLowerCase();
    if (keyword === "host") {
      const patterns = splitArguments(line.rest) ?? [];
      if (patterns.length === 0)
        reading.problems.push(`${here.at}: Host cannot be used; write the names of hosts after it.`);
      isActive = !place.neverMatches && matchesHostLine(reading.subject().hostLine, patterns);
    } else if (keyword === "match") isActive = matchLine(reading, line.rest, here);
    else if (keyword === "include") {
      await include(reading, line.rest, here, isActive);
      if (reading.isStopped) return;
    } else applyKeyword(reading, { ...line, at: here.at }, isActive);
  }
}

/** Reads the files one after the other into `reading`. Nothing that they name is ever run. */
export async function readConfigFiles(reading: Reading, files: readonly ConfigFile[]): Promise<void> {
  for (const file of files) {
    if (!reading.isStopped) await readOne(reading, { at: file.path, file, depth: 0, neverMatches: false });
  }
}
