import { generateAccountKey } from '@gatepost/shared/hedera/account-key';
import { createAccount } from '@gatepost/shared/hedera/accounts';
import { type Connection, connect } from '@gatepost/shared/hedera/connection';
import { hederaLedger } from '@gatepost/shared/hedera/hedera-ledger';
import { createTopic } from '@gatepost/shared/hedera/topics';
import { START } from '@gatepost/shared/ledger/topic-message';
import { createLogger } from '@gatepost/shared/log';
import type { BenchCase } from '../bench-case.js';
import { usualMs } from '../bullmq.js';
import type { Place } from '../place.js';
import { independentTasks } from '../plans.js';
import { withPlace } from './with-place.js';

const TASKS = 1_000;
const DAEMONS = 10;
const PROBES = 8;
/**
 * The coordinator's beginning, the opening of the run, assignment, result, verdict and payment: each is written when the
 * one before it is in sight.
 */
const STEPS = 6;
const INITIAL_HBAR = 10;
const MS_PER_SECOND = 1_000;

/** From the submission of a message until its topic's subscription brings it. */
async function usualStepMs(operator: Connection): Promise<number> {
  const { key } = generateAccountKey();
  const account = await createAccount(operator, key.publicKey, INITIAL_HBAR);
  const connection = connect(operator.network, account, key);
  const ledger = hederaLedger(connection, createLogger('bench', { GATEPOST_LOG_LEVEL: 'silent' }));
  const topic = await createTopic(connection, { memo: 'probes of the benchmark' });
  const done = new AbortController();
  const seen = ledger.follow(topic, START, done.signal)[Symbol.asyncIterator]();
  const times: number[] = [];
  for (let probe = 0; probe < PROBES; probe += 1) {
    const prepared = await ledger.prepare([{ kind: 'message', topic, message: Buffer.from(`${probe}`) }]);
    const began = performance.now();
    const executed = ledger.execute(prepared);
    await seen.next();
    times.push(performance.now() - began);
    await executed;
  }
  done.abort();
  connection.close();
  return usualMs(times);
}

function operatorOf({ network }: Place): Connection {
  if (network.operator === undefined) throw new Error('an embedded network has an operator');
  return network.operator;
}

/** A network that takes seconds for each step. */
export const slowNetwork: BenchCase = {
  title: `tasks that do nothing, ${DAEMONS} daemons, --profile testnet, beside the least that its delays allow`,
  rounds: 1,
  contestants: ({ tasks = TASKS }) => [
    {
      name: 'gatepost',
      measure: (directory) =>
        withPlace(
          directory,
          async (place) => {
            const floorMs = STEPS * (await usualStepMs(operatorOf(place)));
            const { paidAfterMs } = await place.run(independentTasks(tasks));
            return {
              'until all are paid, s': paidAfterMs / MS_PER_SECOND,
              'least: six messages, one after the other, s': floorMs / MS_PER_SECOND,
              'times the least': paidAfterMs / floorMs,
            };
          },
          { daemons: DAEMONS, isSlow: true },
        ),
    },
  ],
};
