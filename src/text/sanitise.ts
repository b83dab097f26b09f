/** Control strings: DCS, SOS, OSC, PM, APC up to their terminator, another escape, a cancel, or the end of the text. */
const CONTROL_STRING = /(?:\x1b[PX\]^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x18\x1a\x1b\x9c]*(?:\x1b\\|[\x07\x18\x1a\x9c])?/g;

/** CSI with parameters, intermediates and final byte, each as far as it is there (ECMA-48, 5.4). */
const CONTROL_SEQUENCE = /(?:\x1b\[|\x9b)[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]?/g;

/** Every other escape sequence: intermediates and a final byte (ECMA-35, 13.2). */
const ESCAPE_SEQUENCE = /\x1b[\x20-\x2f]*[\x30-\x7e]?/g;

/** C0 without tab and line feed, DEL, C1. */
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** The same, but for the CR of a CRLF. */
const UNSEEN_CONTROL = /\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g;

/**
 * Characters that take no room, turn the reading direction or break lines unseen: format characters (bidi controls,
 * joiners, tags), what Unicode calls default-ignorable, line and paragraph separator, the blank Braille cell and lone
 * surrogates. A variation selector right behind a pictograph is how emoji are spelled, and stays.
 */
const INVISIBLE =
  /(?!(?<=\p{Extended_Pictographic})\ufe0f)[\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\u2028\u2029\u2800]/gu;

/**
 * Text from elsewhere made safe to show in a terminal: titles, errors, banners, names. Terminal sequences go as a whole,
 * also unterminated ones; control characters other than `\n` and `\t` go; invisible characters become `\u{…}`.
 * Sanitising twice changes nothing more.
 */
export function sanitise(text: string): string {
  return text
    .replace(CONTROL_STRING, "")
    .replace(CONTROL_SEQUENCE, "")
    .replace(ESCAPE_SEQUENCE, "")
    .replace(CONTROL, "")
    .replace(INVISIBLE, codePoint);
}

/**
 * Text that somebody is to decide about (a path, a command, a diff), made safe to show without taking anything away: what a
 * terminal would act on and what cannot be seen becomes `\u{…}`. Tabs, line feeds and the CR of a CRLF stay.
 */
export const spellOut = (text: string): string => text.replace(UNSEEN_CONTROL, codePoint).replace(INVISIBLE, codePoint);

const codePoint = (char: string): string => `\\u{${(char.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`;
