/** Levenshtein distance in UTF-16 units; memory grows with the shorter string only. */
export function editDistance(a: string, b: string): number {
  const [long, short] = a.length < b.length ? [b, a] : [a, b];
  let row = Array.from({ length: short.length + 1 }, (_, index) => index);
  for (let i = 1; i <= long.length; i++) {
    const next = [i];
    for (let j = 1; j <= short.length; j++) {
      const substitute = (row[j - 1] ?? 0) + (long[i - 1] === short[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitute));
    }
    row = next;
  }
  return row[short.length] ?? 0;
}

/** 1 for equal strings, 0 for strings that share nothing; undefined for two empty ones, which say nothing. */
export function similarity(a: string, b: string): number | undefined {
  const longest = Math.max(a.length, b.length);
  return longest === 0 ? undefined : 1 - editDistance(a, b) / longest;
}
