import { readdirSync, readFileSync } from 'node:fs';
import { partTotal } from '@gatepost/local-ledger/core/fees/fee';
import type { TransactionData } from '@gatepost/local-ledger/core/transactions/handler';
import { operationOf, supportedCases } from '@gatepost/local-ledger/core/transactions/operation-of';
import { TransactionBody } from '@gatepost/local-ledger/gen/services_transaction';
import { describe, expect, it } from 'vitest';

const folder = new URL('../../', import.meta.url);
const readme = readFileSync(new URL('README.md', folder), 'utf8');

/** Empty data of a case, as a client that sets nothing sends it. */
function emptyData($case: string): TransactionData {
  const { data } = TransactionBody.fromPartial({ data: { $case, value: {} } as never });
  if (data === undefined) {
    throw new Error(`no case ${$case}`);
  }
  return data;
}

const operations = supportedCases.map(($case) => ({ $case, operation: operationOf(emptyData($case)) }));

/** Types that HIP-423 lets a schedule carry, of those that are supported here. */
const schedulable = [
  'consensusSubmitMessage',
  'cryptoTransfer',
  'cryptoApproveAllowance',
  'cryptoCreateAccount',
  'cryptoUpdateAccount',
  'tokenCreation',
  'tokenUpdate',
  'tokenMint',
  'tokenBurn',
];

/** The SDK's class for each case whose name is not its own in upper case. */
const sdkClasses: Readonly<Record<string, string>> = {
  cryptoCreateAccount: 'AccountCreateTransaction',
  cryptoUpdateAccount: 'AccountUpdateTransaction',
  cryptoDelete: 'AccountDeleteTransaction',
  cryptoTransfer: 'TransferTransaction',
  cryptoApproveAllowance: 'AccountAllowanceApproveTransaction',
  consensusCreateTopic: 'TopicCreateTransaction',
  consensusUpdateTopic: 'TopicUpdateTransaction',
  consensusDeleteTopic: 'TopicDeleteTransaction',
  consensusSubmitMessage: 'TopicMessageSubmitTransaction',
  tokenCreation: 'TokenCreateTransaction',
  tokenDeletion: 'TokenDeleteTransaction',
  atomicBatch: 'BatchTransaction',
};

describe('every supported transaction type', () => {
  it('has a row in the README, and no other has one', () => {
    const table = readme.slice(readme.indexOf('| transaction |'), readme.indexOf('Queries:'));
    const rows = [...table.matchAll(/^\|([^|]+)\|/gm)].flatMap(([, cell]) => [...(cell ?? '').matchAll(/`(\w+)`/g)]);
    expect(rows.map(([, name]) => name).sort()).toEqual([...supportedCases].sort());
  });

  it('has a name of its own for the mirror', () => {
    const names = operations.map(({ operation }) => operation?.name ?? '');
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) {
      expect(name).toMatch(/^[A-Z]+$/);
    }
  });

  it('may be scheduled exactly when HIP-423 lists it', () => {
    const marked = operations.filter(({ operation }) => operation?.schedulable).map(({ $case }) => $case);
    expect(marked.sort()).toEqual([...schedulable].sort());
  });

  it('has a price, but for a transfer of nothing', () => {
    for (const { $case, operation } of operations) {
      const total = operation === undefined ? 0n : partTotal(operation.fee(undefined));
      expect(total > 0n || $case === 'cryptoTransfer', $case).toBe(true);
    }
  });

  it('is tested through the SDK', () => {
    const tests = readdirSync(new URL('test/consensus/', folder)).filter((name) => name !== 'checklist.test.ts');
    const text = tests.map((name) => readFileSync(new URL(`test/consensus/${name}`, folder), 'utf8')).join('\n');
    for (const $case of supportedCases) {
      const sdkClass = sdkClasses[$case] ?? `${$case[0]?.toUpperCase()}${$case.slice(1)}Transaction`;
      expect(text.includes(`new ${sdkClass}(`), sdkClass).toBe(true);
    }
  });
});
