/** A value that must not be told. */
export interface Secret {
  readonly name: string;
  readonly value: string;
}

/** What is shorter says too little, and replacing it would spoil every text. */
export const MIN_SECRET_CHARS = 6;

/** The ways in which programs write a value down. */
function spellings(value: string): readonly string[] {
  const bytes = new TextEncoder().encode(value);
  const padded = btoa(String.fromCharCode(...bytes));
  const base64 = padded.replace(/=+$/, '');
  const wholes = [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value.replace(/[\uD800-\uDFFF]/gu, '\uFFFD')),
  ];
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  return [...wholes, padded, base64, base64.replaceAll('+', '-').replaceAll('/', '_'), ...lines];
}

/** The length of the longest beginning of a spelling with which a text ends, where it was cut. */
function cutLength(text: string, spelling: string): number {
  for (let length = Math.min(text.length, spelling.length - 1); length >= MIN_SECRET_CHARS; length -= 1) {
    if (text.endsWith(spelling.slice(0, length))) return length;
  }
  return 0;
}

/**
 * Replaces secrets in texts by their names: as they are, as JSON, in a URL, in base64, line by line, and what is left of
 * one at the end of a text that was cut. Values shorter than `MIN_SECRET_CHARS` are left alone.
 */
export function redactor(secrets: readonly Secret[]): (text: string) => string {
  const known = secrets
    .flatMap(({ name, value }) => spellings(value).map((spelling) => ({ spelling, mark: `[${name}]` })))
    .filter(({ spelling }) => spelling.length >= MIN_SECRET_CHARS)
    .sort((a, b) => b.spelling.length - a.spelling.length);
  return (text) => {
    let told = text;
    for (const { spelling, mark } of known) told = told.replaceAll(spelling, mark);
    const end = told.endsWith('…') ? '…' : '';
    const body = told.slice(0, told.length - end.length);
    for (const { spelling, mark } of known) {
      const cut = cutLength(body, spelling);
      if (cut > 0) return `${body.slice(0, -cut)}${mark}${end}`;
    }
    return told;
  };
}
