import { allPrintable, printable, printableJson, printableLines } from '@gatepost/shared/vocabulary/printable';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** What a terminal obeys, said in another way than the code says it. */
const OBEYED = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x61c, 0x61c],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x2069],
  [0xd800, 0xdfff],
  [0xfeff, 0xfeff],
] as const;
/** What is not drawn, one of each kind and the ends of the ranges, from DerivedCoreProperties of Unicode 16. */
const UNSEEN = [
  'AD',
  '34F',
  '61C',
  '115F',
  '1160',
  '17B4',
  '17B5',
  '180B',
  '180E',
  '180F',
  '200B',
  '200D',
  '202E',
  '2060',
  '2065',
  '206F',
  '3164',
  'FE00',
  'FE0F',
  'FEFF',
  'FFA0',
  'FFF0',
  'FFF8',
  '1BCA0',
  '1BCA3',
  '1D173',
  '1D17A',
  'E0000',
  'E0001',
  'E0041',
  'E007F',
  'E0100',
  'E01EF',
  'E0FFF',
];
const obeyed = (text: string): boolean =>
  [...text].some((character) => OBEYED.some(([from, to]) => within(character.codePointAt(0) ?? 0, from, to)));
const within = (code: number, from: number, to: number): boolean => code >= from && code <= to;

describe('a text that is shown to people', () => {
  it.each([
    ['the beginning of a sequence', '\u001b[2J', '\\u{1B}[2J'],
    ['a title', '\u001b]0;all paid\u0007', '\\u{1B}]0;all paid\\u{7}'],
    ['the same in one character', '\u009b2J', '\\u{9B}2J'],
    ['a new line that would look like ours', 'no\nrun closed: complete', 'no\\nrun closed: complete'],
    ['a line that is overwritten', 'no\rok', 'no\\rok'],
    ['another direction', 'abc\u202edcba\u2066', 'abc\\u{202E}dcba\\u{2066}'],
    ['what is not seen', 'pa\u200bid\u00ad\ufeff', 'pa\\u{200B}id\\u{AD}\\u{FEFF}'],
    ['half a character', '\ud83d', '\\u{D83D}'],
  ])('shows %s instead of obeying it', (_what, hostile, shown) => {
    expect(printable(hostile)).toBe(shown);
  });

  it.each(UNSEEN)('names U+%s, which nobody sees', (hex) => {
    const hidden = String.fromCodePoint(Number.parseInt(hex, 16));
    expect(printable(`pa${hidden}id`)).toBe(`pa\\u{${hex}}id`);
    expect(JSON.parse(printableJson(JSON.stringify(`pa${hidden}id`)))).toBe(`pa${hidden}id`);
    expect(printableJson(JSON.stringify(`pa${hidden}id`))).toMatch(/^"pa(\\u[0-9a-f]{4})+id"$/);
  });

  it('keeps how an emoji is drawn, and lets nothing hide behind it', () => {
    for (const emoji of ['\u2764\ufe0f', '\u2764\ufe0e', '1\ufe0f\u20e3', '👍🏽', '🇩🇪']) {
      expect(printable(`a ${emoji} b`), emoji).toBe(`a ${emoji} b`);
    }
    expect(printable('\u2764\ufe0f\ufe0f')).toBe('\u2764\ufe0f\\u{FE0F}');
    expect(printable('1\ufe0f00 paid')).toBe('1\\u{FE0F}00 paid');
    expect(printable('👩\u200d💻')).toBe('👩\\u{200D}💻');
  });

  it('is left alone otherwise', () => {
    const text = 'Ünïcödé 漢字 한국어 हिन्दी 🙂 – “quoted” عربي e\u0301';
    expect([printable(text), printableLines(`${text}\n${text}`)]).toEqual([text, `${text}\n${text}`]);
  });

  it('holds nothing a terminal obeys, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(obeyed(printable(text))).toBe(false);
        expect(obeyed(printableLines(text).replaceAll('\n', ''))).toBe(false);
        expect(obeyed(JSON.stringify(allPrintable({ [text]: [text, { text }] })))).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });
});

it('JSON is escaped and means the same', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, text) => {
      const json = JSON.stringify({ value, text });
      const shown = printableJson(json);
      expect(obeyed(shown)).toBe(false);
      expect(JSON.parse(shown)).toEqual(JSON.parse(json));
    }),
    { numRuns: 1_000 },
  );
});
