import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';

/** Where a file stops to be UTF-8: line and column from 1, the column in characters; and what it is instead, if that shows. */
export interface NotUtf8 {
  readonly line: number;
  readonly column: number;
  /** As `iconv` calls it. */
  readonly encoding: string | undefined;
}

export type Utf8File = { readonly text: string } | NotUtf8;

/**
 * Reads a text strictly: bytes that are no UTF-8 would all become the same replacement character, and two different
 * files the same text. UTF-16 and UTF-32 without a mark are mostly valid UTF-8, full of null characters.
 * @throws what the file system says.
 */
export function readUtf8(path: string): Utf8File {
  const bytes = readFileSync(path);
  const encoding = wideEncodingOf(bytes);
  if (encoding !== undefined) return { line: 1, column: 1, encoding };
  if (isUtf8(bytes)) return { text: bytes.toString('utf8') };
  let start = 0;
  for (let line = 1; ; line += 1) {
    const newline = bytes.indexOf(0x0a, start);
    const content = bytes.subarray(start, newline < 0 ? bytes.length : newline);
    if (!isUtf8(content)) return { line, column: charactersBeforeBreak(content) + 1, encoding };
    start = newline + 1;
  }
}

/** What is wrong with a file, and how to mend it; the place is told beside it. */
export const notUtf8 = ({ encoding }: NotUtf8): string =>
  encoding === undefined
    ? 'is not UTF-8 from here on; save the file as UTF-8'
    : `is ${encoding}, not UTF-8; save the file as UTF-8, for example with "iconv -f ${encoding} -t UTF-8"`;

/** Marks that files of several bytes a character begin with; the longer ones first. */
const MARKS: readonly (readonly [string, readonly number[]])[] = [
  ['UTF-32', [0xff, 0xfe, 0, 0]],
  ['UTF-32', [0, 0, 0xfe, 0xff]],
  ['UTF-16', [0xff, 0xfe]],
  ['UTF-16', [0xfe, 0xff]],
];
/** Which of the first four bytes are zero when a file without a mark begins with two characters of ASCII. */
const ZEROS: Readonly<Record<string, string>> = {
  '0111': 'UTF-32LE',
  '1110': 'UTF-32BE',
  '0101': 'UTF-16LE',
  '1010': 'UTF-16BE',
};

function wideEncodingOf(bytes: Buffer): string | undefined {
  const marked = MARKS.find(([, mark]) => mark.every((byte, index) => bytes[index] === byte));
  if (marked !== undefined) return marked[0];
  return ZEROS[[...bytes.subarray(0, 4)].map((byte) => (byte === 0 ? '1' : '0')).join('')];
}

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

/** Whole characters before the first byte that is no UTF-8; a plan on one line may be long. */
function charactersBeforeBreak(line: Buffer): number {
  /** The beginning of the character that a position lies in. */
  const boundary = (at: number): number => {
    let start = at;
    while (start > 0 && at - start < 3 && isContinuation(line[start])) start -= 1;
    return start;
  };
  let [good, bad] = [0, line.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isUtf8(line.subarray(0, boundary(middle)))) good = middle;
    else bad = middle;
  }
  return [...line.subarray(0, boundary(good)).toString('utf8')].length;
}
