/** One word of POSIX `sh`: safe for every character but NUL. Wrong under fish and tcsh: never put it on their command line. */
export const shellQuote = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
