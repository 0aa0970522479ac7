/**
 * What a terminal must not be given raw: control characters of both sets, which move the cursor, clear the screen or set
 * its title; format characters, which turn the direction of writing or are invisible; everything else that Unicode says
 * may be left out of sight (Default_Ignorable_Code_Point: fillers, joiners, variation selectors, tags), with which two
 * names would look alike; separators of lines and paragraphs; lone surrogates; private use. One selector right after a
 * pictograph, or within a keycap, stays: it says how an emoji is drawn and hides nothing. The joiner of composed emoji is
 * written out, so that they show as their parts.
 */
const UNPRINTABLE =
  /(?!(?<=\p{Extended_Pictographic})[\uFE0E\uFE0F]|(?<=[0-9#*])\uFE0F(?=\u20E3))[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** What is in no text of plain ASCII: most texts are that, and need not be looked through for the above. */
const BEYOND_ASCII = /[^ -~]/;
/** The same for JSON, between whose parts lines may end. */
const BEYOND_ASCII_LINES = /[^ -~\n\r\t]/;

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const escaped = (character: string): string =>
  named[character] ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`;

/**
 * A text as it may be shown to people, on one line: whatever a terminal would obey is written out as an escape such as
 * `\u{1B}`. Every text that is not this program's own goes through it before it is printed.
 */
export const printable = (text: string): string =>
  BEYOND_ASCII.test(text) ? text.replace(UNPRINTABLE, escaped) : text;

/** As `printable`, for texts of several lines. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');

/** All texts within a value made printable, keys included; the value itself is not changed. */
export function allPrintable<T>(value: T): T {
  if (typeof value === 'string') return printable(value) as T;
  if (Array.isArray(value)) return value.map(allPrintable) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [printable(key), allPrintable(field)])) as T;
}

/** JSON text whose strings hold nothing that a terminal would obey: what JSON lets stand is written as `\uXXXX`. */
export const printableJson = (json: string): string =>
  BEYOND_ASCII_LINES.test(json) ? json.replace(UNPRINTABLE, jsonEscaped) : json;

const jsonEscaped = (character: string): string =>
  /[\n\r\t]/.test(character)
    ? character
    : Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
        .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
        .join('');
