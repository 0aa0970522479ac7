import { KeyLookups } from '@gatepost/shared/hedera/key-lookups';
import { type AccountId, accountId } from '@gatepost/shared/vocabulary/ids';
import { expect, it } from 'vitest';

const MOST = 100;
const accounts = Array.from({ length: 250 }, (_, number) => accountId(`0.0.${1_000 + number}`));
const keyOf = (account: AccountId) => ({ _type: 'ED25519' as const, key: account });

/** A mirror that answers when it is told to, and knows some accounts. */
function slowMirror(known: readonly AccountId[], gatherMs = 0) {
  const asked: (readonly AccountId[])[] = [];
  const open: ((error?: Error) => void)[] = [];
  const lookups = new KeyLookups(
    async (ids) => {
      asked.push(ids);
      const error = await new Promise<Error | undefined>((answer) => open.push(answer));
      if (error !== undefined) throw error;
      return ids.filter((id) => known.includes(id)).map((account) => ({ account, key: keyOf(account) }));
    },
    { mostAtOnce: MOST, gatherMs },
  );
  return { lookups, asked, answer: (error?: Error) => open.shift()?.(error) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

it('asks for all that come while a request is under way with the next, as many as one may ask for', async () => {
  const { lookups, asked, answer } = slowMirror(accounts);
  const keys = Promise.all([...accounts, accounts[7] as AccountId].map((account) => lookups.of(account)));
  for (let round = 0; round < 4; round += 1) {
    expect(asked).toHaveLength(round + 1);
    answer();
    await settled();
  }
  expect((await keys).map((key) => key?.key)).toEqual([...accounts, accounts[7]]);
  expect(asked.map(({ length }) => length)).toEqual([1, MOST, MOST, 49]);
  expect(asked.flat()).toEqual(accounts);
});

it('keeps no key: one that is asked for again may have changed', async () => {
  const { lookups, asked, answer } = slowMirror(accounts);
  for (let round = 1; round <= 2; round += 1) {
    const key = lookups.of(accounts[0] as AccountId);
    await settled();
    answer();
    expect(await key).toEqual(keyOf(accounts[0] as AccountId));
    expect(asked).toHaveLength(round);
  }
});

it('fails those alone who share a request that failed, or whose account is not there', async () => {
  const [one, two, three] = accounts as [AccountId, AccountId, AccountId];
  const { lookups, answer } = slowMirror([two, three]);
  const first = lookups.of(one);
  const others = Promise.allSettled([lookups.of(one), lookups.of(two)]);
  answer(new Error('away'));
  await expect(first).rejects.toThrow('away');
  answer();
  expect(await others).toMatchObject([
    { status: 'rejected', reason: { code: 'NOT_FOUND' } },
    { status: 'fulfilled', value: keyOf(two) },
  ]);
  const last = lookups.of(three);
  answer();
  expect(await last).toEqual(keyOf(three));
});

it('lets the first wait for others, where requests are counted', async () => {
  const { lookups, asked, answer } = slowMirror(accounts, 50);
  const first = lookups.of(accounts[0] as AccountId);
  await settled();
  const second = lookups.of(accounts[1] as AccountId);
  await expect.poll(() => asked.length).toBe(1);
  answer();
  expect([(await first)?.key, (await second)?.key]).toEqual(accounts.slice(0, 2));
  expect(asked).toEqual([accounts.slice(0, 2)]);
});
