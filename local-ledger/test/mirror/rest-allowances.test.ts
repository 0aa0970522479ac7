import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Allowance } from '../../src/core/model.js';
import type { Mirror } from '../../src/mirror/start.js';
import { HandMadeSource } from './hand-made-source.js';
import { rest, startTestMirror } from './mirror-client.js';

const source = new HandMadeSource();
let mirror: Mirror;

function grant(spender: number, token: number | undefined, amount = 5n): Allowance {
  const allowance = { owner: 1001, spender, token, amount, granted: 9n, since: source.next };
  source.emit({ changes: [{ kind: 'allowance', allowance }] });
  return allowance;
}

beforeAll(async () => {
  source.account(1001, { evmAddress: new Uint8Array(20).fill(7) });
  for (const spender of [1010, 1012, 1011]) {
    grant(spender, undefined);
  }
  for (const spender of [1010, 1011]) {
    for (const token of [2003, 2001, 2002]) grant(spender, token);
  }
  mirror = await startTestMirror(source);
});
afterAll(() => mirror.close());

const base = '/accounts/0.0.1001/allowances';
const page = async (path: string) => {
  const { body } = await rest(mirror, path);
  const names = body.allowances.map(({ spender, token_id: token }: { spender: string; token_id?: string }) =>
    [spender, token].join(' ').trim(),
  );
  return { names, next: body.links.next };
};
const message = async (path: string) => (await rest(mirror, path)).body._status.messages[0].message;

describe('GET /accounts/{id}/allowances/crypto', () => {
  it('lists allowances of hbar, the highest spender first', async () => {
    const { body } = await rest(mirror, `${base}/crypto?limit=1`);
    expect(body).toEqual({
      allowances: [
        {
          amount: 5,
          amount_granted: 9,
          owner: '0.0.1001',
          spender: '0.0.1012',
          timestamp: { from: expect.stringMatching(/^1700000000\./), to: null },
        },
      ],
      links: { next: `/api/v1${base}/crypto?limit=1&spender.id=lt:0.0.1012` },
    });
    expect(await page(body.links.next)).toMatchObject({ names: ['0.0.1011'] });
  });

  it('takes spenders and orders', async () => {
    expect((await page(`${base}/crypto?spender.id=gte:1011&order=asc`)).names).toEqual(['0.0.1011', '0.0.1012']);
    expect(await message(`${base}/crypto?spender.id=ne:1`)).toBe(
      'Not equal (ne) comparison operator is not supported for spender.id',
    );
    expect(await message(`${base}/crypto?token.id=1`)).toBe('Unknown query parameter: token.id');
  });

  it('finds the owner by address, and wants no account behind an id', async () => {
    expect((await page(`/accounts/0x${'07'.repeat(20)}/allowances/crypto`)).names).toHaveLength(3);
    expect((await page('/accounts/0.0.999999/allowances/crypto')).names).toEqual([]);
    expect((await rest(mirror, `/accounts/0x${'08'.repeat(20)}/allowances/crypto`)).status).toBe(404);
    expect((await rest(mirror, '/accounts/nobody/allowances/crypto')).status).toBe(400);
  });
});

describe('GET /accounts/{id}/allowances/tokens', () => {
  it('lists allowances of tokens by spender and token, page by page', async () => {
    const names: string[] = [];
    let path: string | null = `${base}/tokens?limit=2`;
    let pages = 0;
    while (path !== null && pages++ < 10) {
      const { names: found, next }: { names: string[]; next: string | null } = await page(path);
      names.push(...found);
      path = next;
    }
    const expected = [1010, 1011].flatMap((spender) =>
      [2001, 2002, 2003].map((token) => `0.0.${spender} 0.0.${token}`),
    );
    expect(names).toEqual(expected);
  });

  it('takes a token beside a spender only', async () => {
    expect((await page(`${base}/tokens?spender.id=1010&token.id=gt:2001`)).names).toEqual([
      '0.0.1010 0.0.2002',
      '0.0.1010 0.0.2003',
    ]);
    expect((await rest(mirror, `${base}/tokens?token.id=2001`)).status).toBe(400);
  });

  it('shows what is left, and nothing of what was taken back', async () => {
    const left = grant(1020, 2001, 3n);
    expect((await rest(mirror, `${base}/tokens?spender.id=1020`)).body.allowances[0]).toMatchObject({ amount: 3 });
    source.emit({ changes: [{ kind: 'allowance-removed', allowance: left }] });
    expect((await page(`${base}/tokens?spender.id=1020`)).names).toEqual([]);
  });
});
