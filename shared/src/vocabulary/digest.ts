import { createHash, hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { GatepostError } from './errors.js';

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Lower-case hex of a SHA-256; 64 characters. */
export type Sha256 = string;

/** SHA-256 of bytes, or of a text's UTF-8. */
export const sha256 = (data: Uint8Array | string): Sha256 => hash('sha256', data, 'hex');

/**
 * The one serialisation of a JSON value (RFC 8785): equal values give equal bytes, so that they can be
 * compared by digest.
 * @throws GatepostError INTERNAL for what JSON cannot hold (NaN, a function, undefined at the top).
 */
export function canonicalJson(value: unknown): string {
  // The package is CommonJS; under NodeNext its default export is typed as the module.
  const serialize = canonicalize as unknown as (value: unknown) => string | undefined;
  const text = serialize(value);
  if (text === undefined) throw new GatepostError('INTERNAL', 'value has no JSON form');
  return text;
}

/** Short texts are hashed together: each call costs more than they do. */
const MIN_HASHED_CHARS = 16_384;

/** SHA-256 of texts, one after the other, as of the whole of them, which need never be there. */
export function sha256OfAll(texts: Iterable<string>): Sha256 {
  const hash = createHash('sha256');
  let piece = '';
  for (const text of texts) {
    piece += text;
    if (piece.length < MIN_HASHED_CHARS) continue;
    hash.update(piece);
    piece = '';
  }
  return hash.update(piece).digest('hex');
}

/** SHA-256 of the canonical JSON of a value. */
export const jsonDigest = (value: unknown): Sha256 => sha256(canonicalJson(value));
