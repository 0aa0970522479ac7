import type { Token, TokenFee } from '@gatepost/local-ledger/core/model';
import { LedgerState } from '@gatepost/local-ledger/core/state/ledger-state';
import { Status } from '@gatepost/local-ledger/core/status';
import { assessCustomFees } from '@gatepost/local-ledger/core/transactions/crypto/custom-fees/assess';
import type { Move, Transfers } from '@gatepost/local-ledger/core/transactions/crypto/moves';
import { newRelation } from '@gatepost/local-ledger/core/transactions/entities';
import { describe, expect, it } from 'vitest';

const treasury = 1;
const sender = 11;
const receiver = 12;
const other = 13;
const collector = 21;
const collector2 = 22;
const T = 100;

const fixed = (amount: bigint, token?: number, more: Partial<TokenFee> = {}): TokenFee =>
  ({ kind: 'fixed', amount, token, collector, allCollectorsExempt: false, ...more }) as TokenFee;
const fraction = (numerator: bigint, denominator: bigint, more: Partial<TokenFee> = {}): TokenFee =>
  ({
    kind: 'fractional',
    numerator,
    denominator,
    minimum: 0n,
    maximum: undefined,
    netOfTransfers: false,
    collector,
    allCollectorsExempt: false,
    ...more,
  }) as TokenFee;

/** A state in which everyone holds the tokens 100 to 103, with these fees. */
function stateWith(...fees: readonly (readonly TokenFee[])[]): LedgerState {
  const state = new LedgerState();
  for (const [index, customFees] of [...fees, [], [], [], []].slice(0, 4).entries()) {
    const token = { num: T + index, treasury, customFees, deleted: false, freezeDefault: false } as unknown as Token;
    state.tokens.put(token.num, token);
    for (const account of [treasury, sender, receiver, other, collector, collector2]) {
      state.putRelation(newRelation(token, account, false, 0n));
    }
  }
  return state;
}

const move = (account: number, amount: bigint): Move => ({ account, amount, isApproval: false });
const sends = (...moves: readonly Move[]): Transfers => ({
  hbar: [],
  tokens: [{ token: T, moves, expectedDecimals: undefined }],
  aliased: new Set(),
});
const sends100 = sends(move(sender, -100n), move(receiver, 100n));

/** Net amounts by token and account over all levels; hbar is token 0. */
function movedBy(transfers: Transfers, state: LedgerState): Record<string, bigint> {
  const moved: Record<string, bigint> = {};
  for (const { hbar, tokens } of assessCustomFees(transfers, state).levels) {
    for (const { token, moves } of [{ token: 0, moves: hbar }, ...tokens]) {
      for (const { account, amount } of moves) {
        const name = `${token}/${account}`;
        moved[name] = (moved[name] ?? 0n) + amount;
      }
    }
  }
  return moved;
}

function refusal(transfers: Transfers, state: LedgerState): string {
  try {
    assessCustomFees(transfers, state);
    return 'none';
  } catch (error) {
    return Status[(error as { status: Status }).status] ?? 'unknown';
  }
}

type Case = readonly [what: string, fees: readonly TokenFee[], transfers: Transfers, moved: Record<string, bigint>];

const cases: readonly Case[] = [
  ['no fee', [], sends100, { '100/11': -100n, '100/12': 100n }],
  ['hbar', [fixed(7n)], sends100, { '100/11': -100n, '100/12': 100n, '0/11': -7n, '0/21': 7n }],
  ['units of the token', [fixed(7n, T)], sends100, { '100/11': -107n, '100/12': 100n, '100/21': 7n }],
  [
    'units of another token',
    [fixed(7n, 101)],
    sends100,
    { '100/11': -100n, '100/12': 100n, '101/11': -7n, '101/21': 7n },
  ],
  ['a tenth of what arrives', [fraction(1n, 10n)], sends100, { '100/11': -100n, '100/12': 90n, '100/21': 10n }],
  [
    'a tenth beside what is sent',
    [fraction(1n, 10n, { netOfTransfers: true })],
    sends100,
    { '100/11': -110n, '100/12': 100n, '100/21': 10n },
  ],
  [
    'no less than its minimum',
    [fraction(1n, 1000n, { minimum: 3n })],
    sends100,
    { '100/11': -100n, '100/12': 97n, '100/21': 3n },
  ],
  [
    'no more than its maximum',
    [fraction(1n, 2n, { maximum: 4n })],
    sends100,
    { '100/11': -100n, '100/12': 96n, '100/21': 4n },
  ],
  ['nothing when it rounds to nothing', [fraction(1n, 101n)], sends100, { '100/11': -100n, '100/12': 100n }],
  [
    'by share of each receiver, what rounding leaves from the first',
    [fraction(1n, 10n)],
    sends(move(sender, -100n), move(receiver, 33n), move(other, 67n)),
    { '100/11': -100n, '100/12': 29n, '100/13': 61n, '100/21': 10n },
  ],
  [
    'by share of each sender',
    [fraction(1n, 10n)],
    sends(move(sender, -75n), move(other, -25n), move(receiver, 100n)),
    // 7 of 7.5, and 2 of 2.5
    { '100/11': -75n, '100/13': -25n, '100/12': 91n, '100/21': 9n },
  ],
  [
    'its share of what an earlier fee brought, too',
    [fraction(1n, 2n), fraction(1n, 4n, { collector: collector2 })],
    sends100,
    { '100/11': -100n, '100/12': 37n, '100/21': 38n, '100/22': 25n },
  ],
  [
    'for each debit',
    [fixed(7n)],
    sends(move(sender, -75n), move(other, -25n), move(receiver, 100n)),
    { '100/11': -75n, '100/13': -25n, '100/12': 100n, '0/11': -7n, '0/13': -7n, '0/21': 14n },
  ],
  [
    'nothing of the treasury',
    [fixed(7n), fraction(1n, 10n)],
    sends(move(treasury, -100n), move(receiver, 100n)),
    { '100/1': -100n, '100/12': 100n },
  ],
  [
    'nothing of what goes to the treasury',
    [fraction(1n, 10n)],
    sends(move(sender, -100n), move(treasury, 100n)),
    { '100/11': -100n, '100/1': 100n },
  ],
  [
    'nothing of its collector',
    [fixed(7n), fraction(1n, 10n)],
    sends(move(collector, -100n), move(receiver, 100n)),
    { '100/21': -100n, '100/12': 100n },
  ],
  [
    'nothing of the collector of another fee, if the fee says so',
    [fixed(7n, undefined, { collector: collector2, allCollectorsExempt: true }), fixed(3n)],
    sends(move(collector, -100n), move(receiver, 100n)),
    { '100/21': -100n, '100/12': 100n },
  ],
  [
    'of the collector of another fee otherwise',
    [fixed(7n, undefined, { collector: collector2 }), fixed(3n)],
    sends(move(collector, -100n), move(receiver, 100n)),
    { '100/21': -100n, '100/12': 100n, '0/21': -7n, '0/22': 7n },
  ],
  [
    'nothing when every debit is exempt from a fraction',
    [fraction(1n, 10n), fraction(1n, 10n, { collector: collector2, allCollectorsExempt: true })],
    sends(move(collector, -100n), move(receiver, 100n)),
    { '100/21': -100n, '100/12': 100n },
  ],
];

describe('a custom fee takes', () => {
  it.each(cases)('%s', (_what, fees, transfers, moved) => {
    expect(movedBy(transfers, stateWith(fees))).toEqual(moved);
  });

  it('a debit by allowance along with a fee in the same token', () => {
    const approved = sends({ ...move(sender, -100n), isApproval: true }, move(receiver, 100n));
    const [level] = assessCustomFees(approved, stateWith([fixed(7n, T)])).levels;
    expect(level?.tokens[0]?.moves[0]).toEqual({ account: sender, amount: -107n, isApproval: true });
  });
});

describe('fees of fees', () => {
  const chain = (last: readonly TokenFee[]) => stateWith([fixed(1n, 101)], [fixed(2n, 102)], last);

  it('are charged twice over', () => {
    expect(movedBy(sends100, chain([fixed(3n)]))).toMatchObject({ '101/11': -1n, '102/11': -2n, '0/11': -3n });
  });

  it('are refused beyond that', () => {
    expect(refusal(sends100, chain([fixed(3n, 103)]))).toBe('CUSTOM_FEE_CHARGING_EXCEEDED_MAX_RECURSION_DEPTH');
  });

  it('are listed in the order in which they are charged, each with who pays', () => {
    const state = stateWith([fraction(1n, 10n), fixed(1n, 101)], [fixed(2n)]);
    expect(assessCustomFees(sends100, state).fees).toEqual([
      { amount: 1n, token: 101, collector, payers: [sender] },
      { amount: 10n, token: T, collector, payers: [receiver] },
      { amount: 2n, token: undefined, collector, payers: [sender] },
    ]);
  });
});

describe('a custom fee is refused', () => {
  it('when the minimum is more than arrives', () => {
    const state = stateWith([fraction(1n, 100n, { minimum: 101n })]);
    expect(refusal(sends100, state)).toBe('INSUFFICIENT_SENDER_ACCOUNT_BALANCE_FOR_CUSTOM_FEE');
  });

  it('when fractions together take more than is sent', () => {
    const state = stateWith([fraction(3n, 5n), fraction(3n, 5n, { collector: collector2 })]);
    expect(refusal(sends100, state)).toBe('INSUFFICIENT_SENDER_ACCOUNT_BALANCE_FOR_CUSTOM_FEE');
  });

  it('when numbers exceed 64 bits', () => {
    const max = 9_223_372_036_854_775_807n;
    expect(refusal(sends100, stateWith([fraction(max, 1n)]))).toBe('CUSTOM_FEE_OUTSIDE_NUMERIC_RANGE');
  });

  it('when its payer does not hold the token', () => {
    const state = stateWith([fixed(1n, 101)]);
    state.removeRelation(sender, 101);
    expect(refusal(sends100, state)).toBe('TOKEN_NOT_ASSOCIATED_TO_ACCOUNT');
  });

  it('when its payer is named by alias', () => {
    const transfers = { ...sends100, aliased: new Set([sender]) };
    expect(refusal(transfers, stateWith([fixed(1n)]))).toBe('INSUFFICIENT_SENDER_ACCOUNT_BALANCE_FOR_CUSTOM_FEE');
    expect(refusal(transfers, stateWith([fraction(1n, 10n)]))).toBe('none');
  });

  it('when more than twenty balances would change', () => {
    const fees = Array.from({ length: 10 }, (_, index) => fixed(1n, undefined, { collector: 200 + index }));
    const receivers = (count: number) => Array.from({ length: count }, (_, index) => move(300 + index, 1n));
    // The sender's units and hbar, ten collectors, and receivers
    expect(refusal(sends(move(sender, -8n), ...receivers(8)), stateWith(fees))).toBe('none');
    expect(refusal(sends(move(sender, -9n), ...receivers(9)), stateWith(fees))).toBe(
      'CUSTOM_FEE_CHARGING_EXCEEDED_MAX_ACCOUNT_AMOUNTS',
    );
  });
});
