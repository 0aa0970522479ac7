import { TOTAL_SUPPLY } from '@gatepost/local-ledger/core/genesis';
import { reopen } from '@gatepost/local-ledger/core/ingest/ingest';
import type { Allowance } from '@gatepost/local-ledger/core/model';
import { Network } from '@gatepost/local-ledger/core/network';
import { Status } from '@gatepost/local-ledger/core/status';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crypto, genesis, Machine } from './machine.js';
import { groundwork, single, step } from './random-transactions.js';

function hbarOf(network: Network): bigint {
  return [...network.state.accounts.values()].reduce((sum, { balance }) => sum + balance, 0n);
}

/** Tokens whose balances do not add up to their supply. */
function unevenTokens(network: Network): number[] {
  const held = new Map<number, bigint>();
  for (const { token, balance } of network.state.relations.values()) {
    held.set(token, (held.get(token) ?? 0n) + balance);
  }
  return [...network.state.tokens.values()]
    .filter(({ num, totalSupply }) => (held.get(num) ?? 0n) !== totalSupply)
    .map(({ num }) => num);
}

/** Allowances that should have ended, or are of more than was granted. */
function impossibleAllowances({ state }: Network): Allowance[] {
  return [...state.allowances.values()].filter(({ amount: left, granted }) => left <= 0n || left > granted);
}

/** Everything but hbar: what a failed batch must not change. */
function withoutHbar({ state }: Network): string {
  const rows = [
    [...state.accounts.values()].map((row) => ({ ...row, balance: 0n })),
    [...state.tokens.values()],
    [...state.relations.values()],
    [...state.allowances.values()].sort(
      (a, b) => a.owner - b.owner || a.spender - b.spender || (a.token ?? 0) - (b.token ?? 0),
    ),
    [...state.topics.values()],
    state.nextEntity,
  ];
  return JSON.stringify(rows, (_name, value) => (typeof value === 'bigint' ? `${value}` : value));
}

describe('over any sequence of transactions', () => {
  const sequences = fc.array(step, { minLength: 5, maxLength: 40 });

  it('hbar and every token keep their supply, and replay gives the same state', () => {
    const reached = new Set<number>();
    let spent = 0;
    let assessed = 0;
    fc.assert(
      fc.property(sequences, (steps) => {
        const machine = new Machine(groundwork);
        for (const one of steps) {
          for (const { item } of machine.run(one)) {
            reached.add(item.status);
            assessed += item.assessedFees.length;
            spent += [...item.transfers, ...item.tokenTransfers].filter(({ isApproval }) => isApproval).length;
            const moved = item.transfers.reduce((sum, { amount: units }) => sum + units, 0n);
            expect(moved, item.name).toBe(0n);
          }
          expect(hbarOf(machine.network)).toBe(TOTAL_SUPPLY);
          expect(unevenTokens(machine.network)).toEqual([]);
          expect(impossibleAllowances(machine.network)).toEqual([]);
        }
        const replayed = new Network(crypto, genesis);
        for (const { bytes, now } of machine.inputs) {
          replayed.handle(reopen(bytes, crypto), now);
        }
        expect(replayed.digest()).toBe(machine.network.digest());
      }),
      { numRuns: 150 },
    );
    expect(reached.size, 'kinds of outcome').toBeGreaterThan(8);
    expect(assessed, 'custom fees').toBeGreaterThan(10);
    expect(spent, 'spent by allowance').toBeGreaterThan(5);
    expect(reached.has(Status.FAIL_INVALID), 'an error of ours').toBe(false);
  }, 120_000);

  it('a batch that fails changes nothing but fees', () => {
    let failed = 0;
    const batches = fc.tuple(sequences, fc.array(single, { minLength: 2, maxLength: 6 }));
    fc.assert(
      fc.property(batches, ([steps, work]) => {
        const machine = new Machine(groundwork);
        for (const one of steps) {
          machine.run(one);
        }
        const before = withoutHbar(machine.network);
        const payers = new Map([...machine.network.state.accounts.values()].map(({ num, balance }) => [num, balance]));
        const handled = machine.run({ payer: 1002, fee: 100_000_000_000n, work });
        if (handled.length === 0 || handled[0]?.item.status === 22) {
          return;
        }
        failed++;
        expect(withoutHbar(machine.network)).toBe(before);
        const charged = handled.reduce((sum, { item }) => sum + item.chargedFee, 0n);
        for (const { num, balance } of machine.network.state.accounts.values()) {
          const change = balance - (payers.get(num) ?? 0n);
          expect(change, `0.0.${num}`).toBe(num === 1002 ? -charged : num === 802 ? charged : 0n);
        }
      }),
      { numRuns: 150 },
    );
    expect(failed, 'failed batches').toBeGreaterThan(20);
  }, 120_000);
});
