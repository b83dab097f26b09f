import { splitCriteria } from "./config-line.ts";
import { matchesHostList, matchesList } from "./patterns.ts";
import { shown } from "./problems.ts";

/** What Host and Match lines are held against; all of it as known when the line is reached. */
export interface MatchSubject {
  /** For Host lines: the name as typed, in the second reading the name to connect to. */
  hostLine: string;
  /** The name to connect to, HostName so far considered. */
  host: string;
  /** As typed. */
  originalHost: string;
  /** The login name so far. */
  user: string;
  localUser: string;
  /** Second reading of the files, which `Match final` asks for. */
  isFinal: boolean;
}

export interface MatchResult {
  matches: boolean;
  /** `final` was asked for: the files are to be read a second time. */
  wantsFinal: boolean;
  /** A criterion that is not evaluated here kept the block from counting, although all others match. */
  unanswered?: string;
}

/** Criteria that would run a command, or that only the OpenSSH client can answer; each takes an argument. */
const UNANSWERED = new Set(["exec", "localnetwork", "tagged", "command", "sessiontype", "version"]);

interface Criterion {
  name: string;
  /** With its `!`. */
  typed: string;
  isNegated: boolean;
  argument?: string;
}

const WITHOUT_ARGUMENT = ["all", "canonical", "final"];

/** The criteria of a line; a string is the problem that it has. */
function parseCriteria(text: string): Criterion[] | string {
  const words = splitCriteria(text);
  if (words === undefined) return "Match has a quote that is never closed";
  const criteria: Criterion[] = [];
  for (let index = 0; index < words.length; index++) {
    const typed = words[index] ?? "";
    const isNegated = typed.startsWith("!");
    const name = typed.slice(isNegated ? 1 : 0).toLowerCase();
    const argument = WITHOUT_ARGUMENT.includes(name) ? undefined : words[++index];
    if (argument === undefined && !WITHOUT_ARGUMENT.includes(name)) return `Match ${shown(typed)} has no argument`;
    // ssh_config(5) wants it alone or behind "final"; readconf.c takes it behind any one criterion.
    if (name === "all" && (criteria.length > 1 || index + 1 < words.length))
      return 'Match holds "all" beside other criteria';
    criteria.push({ name, typed, isNegated, argument });
  }
  return criteria.length === 0 ? "Match has no criteria" : criteria;
}

/** Whether the criterion, its `!` left aside, holds; undefined when it is not evaluated here, null when there is none such. */
function holds({ name, argument = "" }: Criterion, subject: MatchSubject): boolean | undefined | null {
  if (name === "all") return true;
  if (name === "final" || name === "canonical") return subject.isFinal;
  if (name === "host") return matchesHostList(subject.host, argument);
  if (name === "originalhost") return matchesHostList(subject.originalHost, argument);
  if (name === "user") return matchesList(subject.user, argument);
  if (name === "localuser") return matchesList(subject.localUser, argument);
  return UNANSWERED.has(name) ? undefined : null;
}

/**
 * Evaluates the criteria of a Match line as OpenSSH does (readconf.c, `match_cfg_line`). Nothing is ever run: a block with
 * `exec` does not count. A string is the problem that the line has.
 */
export function evaluateMatch(text: string, subject: MatchSubject): MatchResult | string {
  const criteria = parseCriteria(text);
  if (typeof criteria === "string") return criteria;
  let matches = true;
  let unanswered: string | undefined;
  for (const criterion of criteria) {
    const answer = holds(criterion, subject);
    if (answer === null) return `Match knows no criterion ${shown(criterion.typed)}`;
    if (answer === undefined) unanswered ??= `${criterion.typed} ${shown(criterion.argument ?? "")}`;
    else if (answer === criterion.isNegated) matches = false;
  }
  const wantsFinal = criteria.some(({ name }) => name === "final");
  if (unanswered === undefined) return { matches, wantsFinal };
  return { matches: false, wantsFinal, ...(matches && { unanswered }) };
}
