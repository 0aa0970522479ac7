import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { writePrivateFile } from '@gatepost/shared/private-file';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { ROLES, type Role } from '../../core/service/roles.js';
import type { Caller } from './audit.js';

/** How a token begins, so that people and scanners know one when they see it. */
const PREFIX = 'gatepost_';
const RANDOM_BYTES = 32;
const TOKEN = /^gatepost_[\w-]{43}$/;

const token = z.strictObject({
  name: z.string().regex(/^[\w.@-]{1,64}$/, 'must be 1 to 64 letters, digits or . _ @ -'),
  roles: z.array(z.enum(ROLES)).min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex'),
});
const file = z.strictObject({ tokens: z.array(token).default([]) });

type KnownToken = z.output<typeof token>;

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

function readTokens(path: string): readonly KnownToken[] {
  let value: unknown;
  try {
    value = parse(readFileSync(path, 'utf8'), { schema: 'core' }) ?? {};
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new GatepostError('INVALID_CONFIG', `cannot read ${path}: ${(error as Error).message}`, { path }, error);
  }
  const parsed = file.safeParse(value);
  if (parsed.success) return parsed.data.tokens;
  throw new GatepostError('INVALID_CONFIG', `${path}: ${z.prettifyError(parsed.error)}`, { path });
}

const write = (path: string, tokens: readonly KnownToken[]): void => writePrivateFile(path, stringify({ tokens }));

/**
 * Makes a token and notes its digest alone.
 * @returns the token, which is nowhere else.
 * @throws GatepostError USAGE when the name is taken or is no name, INVALID_CONFIG
 */
export function addToken(path: string, name: string, roles: readonly Role[]): string {
  const known = readTokens(path);
  if (known.some((one) => one.name === name)) {
    throw new GatepostError(
      'USAGE',
      `${path} has a token of ${name}; end it with coordinator token end --name ${name}`,
    );
  }
  const text = `${PREFIX}${randomBytes(RANDOM_BYTES).toString('base64url')}`;
  const made = token.safeParse({ name, roles: [...new Set(roles)], sha256: digestOf(text).toString('hex') });
  if (!made.success) throw new GatepostError('USAGE', z.prettifyError(made.error));
  write(path, [...known, made.data]);
  return text;
}

/** Ends a token: it opens nothing any more. @throws GatepostError NOT_FOUND, INVALID_CONFIG */
export function endToken(path: string, name: string): void {
  const known = readTokens(path);
  if (!known.some((one) => one.name === name)) throw new GatepostError('NOT_FOUND', `${path} has no token of ${name}`);
  write(
    path,
    known.filter((one) => one.name !== name),
  );
}

/** Names and roles, for people. @throws GatepostError INVALID_CONFIG */
export const listTokens = (path: string): readonly Caller[] =>
  readTokens(path).map(({ name, roles }) => ({ name, roles }));

/** The tokens of a file, which is read again when it has changed. */
export class Tokens {
  #known: readonly KnownToken[];
  #version: string;

  /** @throws GatepostError INVALID_CONFIG */
  constructor(
    readonly path: string,
    private readonly complain: (problem: GatepostError) => void,
  ) {
    this.#version = this.#versionNow();
    this.#known = readTokens(path);
  }

  get size(): number {
    return this.#known.length;
  }

  #versionNow(): string {
    const found = statSync(this.path, { bigint: true, throwIfNoEntry: false });
    return found === undefined ? '' : `${found.ino}/${found.mtimeNs}/${found.size}`;
  }

  /** A file that cannot be used changes nothing: the tokens stay as they were, and somebody is told. */
  #refresh(): void {
    const version = this.#versionNow();
    if (version === this.#version) return;
    this.#version = version;
    try {
      this.#known = readTokens(this.path);
    } catch (thrown) {
      if (!(thrown instanceof GatepostError)) throw thrown;
      this.complain(thrown);
    }
  }

  /** Whose token it is; takes as long whichever it is like. @throws GatepostError UNAUTHENTICATED */
  caller(text: string | undefined): Caller {
    const found = this.#find(text);
    if (found !== undefined) return { name: found.name, roles: found.roles };
    const what =
      text === undefined
        ? 'no token was shown: send the header "Authorization: Bearer <token>"'
        : 'the token is not known';
    throw new GatepostError('UNAUTHENTICATED', what);
  }

  has(text: string | undefined): boolean {
    return this.#find(text) !== undefined;
  }

  #find(text: string | undefined): KnownToken | undefined {
    this.#refresh();
    if (text === undefined || !TOKEN.test(text)) return undefined;
    const shown = digestOf(text);
    let found: KnownToken | undefined;
    for (const one of this.#known) if (timingSafeEqual(shown, Buffer.from(one.sha256, 'hex'))) found = one;
    return found;
  }
}

/** The token of an `authorization` header; undefined where there is none. */
export const bearerOf = (header: string | undefined): string | undefined =>
  /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1];
