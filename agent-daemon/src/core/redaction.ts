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
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  return [value, ...inJson(value), ...inUrl(value), ...inBase64(bytes), ...inHex(bytes), ...lines];
}

/** As JSON has it, and as it has what is no ASCII and slashes where it is written with care. */
function inJson(value: string): readonly string[] {
  const plain = JSON.stringify(value).slice(1, -1);
  const ascii = plain.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return [plain, ascii].flatMap((text) => [text, text.replaceAll('/', '\\/')]);
}

/** Percent-encoded as a part of a URL, with its slashes left, strictly, and as a form has it; the digits in either case. */
function inUrl(value: string): readonly string[] {
  const part = encodeURIComponent(value.replace(/[\uD800-\uDFFF]/gu, '\uFFFD'));
  const strict = part.replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  const form = new URLSearchParams({ v: value }).toString().slice('v='.length);
  return [part, part.replaceAll('%2F', '/'), strict, strict.replaceAll('%2F', '/'), form].flatMap((text) => [
    text,
    text.replace(/%../g, (code) => code.toLowerCase()),
  ]);
}

/** Alone, and within longer text that was encoded as a whole, such as `name:key`: at each of three offsets other letters. */
function inBase64(bytes: Uint8Array): readonly string[] {
  const padded = btoa(String.fromCharCode(...bytes));
  const within = [0, 1, 2].map((offset) => {
    const text = btoa(String.fromCharCode(...new Uint8Array(offset), ...bytes));
    // Letters that also hold bits of what stands before or after are others each time.
    return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
  });
  return [padded, padded.replace(/=+$/, ''), ...within].flatMap((text) => [
    text,
    text.replaceAll('+', '-').replaceAll('/', '_'),
  ]);
}

function inHex(bytes: Uint8Array): readonly string[] {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex, hex.toUpperCase()];
}

/** The length of the longest beginning of a spelling with which a text ends, where it was cut. */
function cutLength(text: string, spelling: string): number {
  for (let length = Math.min(text.length, spelling.length - 1); length >= MIN_SECRET_CHARS; length -= 1) {
    if (text.endsWith(spelling.slice(0, length))) return length;
  }
  return 0;
}

/**
 * Replaces secrets in texts by their names: as they are, as JSON, in a URL, in base64 also of more than the secret, in hex,
 * line by line, and what is left of one at the end of a text that was cut. Values shorter than `MIN_SECRET_CHARS` are left alone.
 */
export function redactor(secrets: readonly Secret[]): (text: string) => string {
  const known = secrets
    .flatMap(({ name, value }) => [...new Set(spellings(value))].map((spelling) => ({ spelling, mark: `[${name}]` })))
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
