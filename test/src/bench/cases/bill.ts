import { messagePrice, tokenTransferPrice, usdOf } from '@gatepost/shared/vocabulary/fees';
import { runCommand } from 'gatepost/stage/command';
import type { BenchCase, Figures } from '../bench-case.js';
import type { Place } from '../place.js';
import { independentTasks } from '../plans.js';
import { withPlace } from './with-place.js';

const TASKS = 10_000;
const AGENTS = 20;
/** As on the public networks, where messages cost money. */
const FILL_WITHIN = '1s';
/** Enough for all of them. */
const ESCROW = 1_000_000n;
const CENTI_USD = 100;
/** Of a message that says one thing of one attempt. */
const PLAIN_MESSAGE_BYTES = 250;
/** Assignment, start, result and payment. */
const PLAIN_MESSAGES = 4;

interface Billed {
  readonly usd: number;
  readonly tinybar: string;
  readonly kinds: readonly { readonly name: string; readonly count: number; readonly tinybar: string }[];
}

/** By kind of transaction, whoever paid it. */
function figuresOf({ usd, tinybar, kinds }: Billed, tasks: number): Figures {
  const figures: Record<string, number> = { 'all, US cents/task': (usd * CENTI_USD) / tasks };
  for (const { name, count, tinybar: part } of kinds) {
    const cents = (usd * CENTI_USD * Number(part)) / Number(tinybar) / tasks;
    const [transactions, costs] = [`${name}, transactions/task`, `${name}, US cents/task`];
    figures[transactions] = (figures[transactions] ?? 0) + count / tasks;
    figures[costs] = (figures[costs] ?? 0) + cents;
  }
  return figures;
}

/** Does the tasks, and has the bill made. */
async function billed({ run, stage, network }: Place, tasks: number): Promise<Figures> {
  await run(independentTasks(tasks));
  const args = ['bill', '--journal', stage.journal, '--json'];
  const { code, stdout, stderr } = await runCommand('coordinator', args, network.env);
  if (code !== 0) throw new Error(`bill ended with exit code ${code}: ${stderr}`);
  return figuresOf(JSON.parse(stdout) as Billed, tasks);
}

/** What the network charges. */
export const bill: BenchCase = {
  title: 'the bill, leases included, from opening to closing',
  rounds: 1,
  contestants: ({ tasks = TASKS }) => [
    {
      name: 'gatepost',
      measure: (directory) =>
        withPlace(directory, (place) => billed(place, tasks), { daemons: AGENTS, fillWithin: FILL_WITHIN }),
    },
    {
      name: 'gatepost, with a gatekeeper that judges and an escrow that pays',
      measure: (directory) => withPlace(directory, (place) => billed(place, tasks), { fund: ESCROW }),
    },
    {
      name: 'the plainest protocol: a message for each step, a transfer for each task (computed)',
      measure: async () => {
        const messages = usdOf(messagePrice(PLAIN_MESSAGE_BYTES)) * PLAIN_MESSAGES * CENTI_USD;
        const transfer = usdOf(tokenTransferPrice(2)) * CENTI_USD;
        return {
          'all, US cents/task': messages + transfer,
          'CONSENSUSSUBMITMESSAGE, US cents/task': messages,
          'CRYPTOTRANSFER, US cents/task': transfer,
        };
      },
    },
  ],
};
