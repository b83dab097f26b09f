export type Eol = "\n" | "\r\n";

/** CRLF as soon as one line ends with it: a mixed file counts as CRLF, as in the built-in edit. */
export const detectEol = (text: string): Eol => (text.includes("\r\n") ? "\r\n" : "\n");

/** CRLF becomes LF; a lone CR stays. */
export const toLf = (text: string): string => text.replaceAll("\r\n", "\n");

/** Every line break of `text`, LF or CRLF, becomes `eol`. */
export function convertEol(text: string, eol: Eol): string {
  const lf = toLf(text);
  return eol === "\n" ? lf : lf.replaceAll("\n", "\r\n");
}
