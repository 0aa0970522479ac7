import { parseAmount } from '@gatepost/shared/vocabulary/amount';
import { canonicalJson, jsonDigest } from '@gatepost/shared/vocabulary/digest';
import {
  accountId,
  mirrorTransactionId,
  type TransactionId,
  transactionIdFromMirror,
} from '@gatepost/shared/vocabulary/ids';
import { registerStatementBytes } from '@gatepost/shared/vocabulary/register-statement';
import { formatDurationMs, formatNanos, parseDurationMs, parseNanos } from '@gatepost/shared/vocabulary/time';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('timestamps', () => {
  it('survive their mirror form', () => {
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: 1n << 62n }), (at) => parseNanos(formatNanos(at)) === at));
  });

  it('have nine digits after the point', () => expect(formatNanos(1_000_000_005n)).toBe('1.000000005'));
});

describe('durations', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
  ])('%s', (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms);
    expect(formatDurationMs(ms)).toBe(text);
  });

  it.each(['', '5', '-5s', '1.5s', '5 s', '5w'])('%j is none', (text) => expect(parseDurationMs(text)).toBeUndefined());
});

describe('ids', () => {
  it.each(['', '1', '0.0', '0.0.x', '0.0.01', ' 0.0.1', '0.0.1 ', '0.0.-1'])('%j is no account', (text) => {
    expect(() => accountId(text)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  it('of transactions survive their mirror form', () => {
    const id = '0.0.5@1700000000.000000042' as TransactionId;
    expect(mirrorTransactionId(id)).toBe('0.0.5-1700000000-000000042');
    expect(transactionIdFromMirror(mirrorTransactionId(id))).toBe(id);
  });
});

describe('amounts', () => {
  it('take what fits an int64', () => expect(parseAmount('9223372036854775807')).toBe(9223372036854775807n));
  it.each(['0', '-1', '1.5', '01', '1e3', '9223372036854775808', ''])('%j is none', (text) => {
    expect(() => parseAmount(text, 'price')).toThrow(/price/);
  });
});

describe('canonical JSON', () => {
  it('gives equal values equal bytes, whatever the order of their keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(reversed)).toBe(canonicalJson(value));
      }),
    );
  });

  it('follows RFC 8785 in the order of keys and the form of numbers', () => {
    expect(canonicalJson({ b: 1e21, a: 0.1, '\u20ac': -0, A: 'ß' })).toBe('{"A":"ß","a":0.1,"b":1e+21,"€":0}');
    expect(jsonDigest({})).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
  });
});

describe('the register statement', () => {
  const statement = {
    coordinator: '0.0.1',
    agent: '0.0.2',
    nonce: 'aa',
    coordinatorNonce: 'bb',
    certificateSha256: 'cc',
    expiresAtMs: 5,
  };

  it('differs by role and by every field', () => {
    const bytes = (change: Partial<typeof statement>) =>
      Buffer.from(registerStatementBytes('coordinator', { ...statement, ...change })).toString();
    const variants = Object.keys(statement).map((field) => bytes({ [field]: field === 'expiresAtMs' ? 6 : 'x' }));
    const agents = Buffer.from(registerStatementBytes('agent', statement)).toString();
    expect(new Set([bytes({}), agents, ...variants]).size).toBe(variants.length + 2);
  });
});
