import { isDeepStrictEqual } from 'node:util';
import { startLedger } from '@gatepost/local-ledger/ledger';
import { describe, expect, it } from 'vitest';
import { SUITES, stepsOf } from './cases.js';
import { Replay } from './replay.js';

/**
 * The answers that differ from those of a consensus node of release 0.76.1, by suite and case, each with its row of the
 * table in README.md.
 */
const DIFFERENT: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  1: { 'in.utilprng': 'C14', 'q.accinfo-byA': 'C13', 'q.balance': 'C13', 'q.accrecords': 'C13' },
  3: { 'sc.nobody': 'C12', 'sc.emptybody': 'C12' },
  4: {
    'to.nft': 'C14',
    // The node had been asked for this schedule before.
    'root.schedule': 'none',
    'grpc.unknown-service': 'C15',
    'grpc.unknown-method': 'C15',
    'grpc.contract-create': 'C14',
    'grpc.file-create': 'C14',
    'grpc.node-create': 'C14',
    'grpc.airdrop': 'C14',
    'grpc.reject': 'C14',
    'grpc.uncheckedSubmit': 'C12',
    'grpc.toolarge5MB': 'C15',
    // One token less: the NFT.
    'q.cost-balance': 'C14',
    'q.file111': 'C11',
    'q.file113': 'C11',
    'q.file122': 'C11',
    'q.file123': 'C11',
  },
};

async function ask(suite: number) {
  const ledger = await startLedger({ ports: { fees: false, control: false } });
  const replay = new Replay(ledger);
  const unlike: { readonly name: string; readonly real: unknown; readonly ours: unknown }[] = [];
  let cases = 0;
  try {
    for (const step of stepsOf(suite)) {
      const ours = await replay.take(step);
      if (!('answer' in step)) continue;
      cases += 1;
      if (!isDeepStrictEqual(ours, step.answer)) unlike.push({ name: step.name, real: step.answer, ours });
    }
  } finally {
    replay.close();
    await ledger.close();
  }
  return { cases, unlike };
}

describe('the cases that a consensus node of release 0.76.1 was asked', () => {
  it.each(SUITES)(
    'suite %i is answered as it did, but for the rows of the table',
    { timeout: 120_000 },
    async (suite) => {
      const { cases, unlike } = await ask(suite);
      const known = DIFFERENT[suite] ?? {};
      const same = ((cases - unlike.length) * 100) / cases;
      process.stdout.write(
        `suite ${suite}: ${cases - unlike.length} of ${cases} answers are the node's, ${same.toFixed(2)} %\n`,
      );
      expect(unlike.filter(({ name }) => !(name in known))).toEqual([]);
      expect(unlike.map(({ name }) => name).sort()).toEqual(Object.keys(known).sort());
    },
  );
});
