import type { Conditions } from '@gatepost/shared/ledger/memory/conditions';
import { memorySigner, readMemoryBatch } from '@gatepost/shared/ledger/memory/cosigning';
import { MemoryNetwork } from '@gatepost/shared/ledger/memory-network';
import { VirtualClock } from '@gatepost/shared/virtual-clock';
import { nanosFromMs } from '@gatepost/shared/vocabulary/time';
import { describeLedger, type LedgerStage } from './ledger-compliance.js';
import { seededRandom } from './seeded-random.js';

const START_MS = 1_800_000_000_000;
/** So much of the network's time passes in a turn of this process. */
const TURN_MS = 20;

/** A network in memory whose time goes on by itself, much faster than ours. */
async function openMemory(conditions: Partial<Conditions>, seed: number): Promise<LedgerStage> {
  const clock = new VirtualClock(START_MS);
  const network = new MemoryNetwork({ clock, random: seededRandom(seed), conditions });
  let isOpen = true;
  const going = (async () => {
    while (isOpen) await clock.pass(TURN_MS);
  })();
  const until = async (ms: number) => {
    while (clock.nowMs() < ms) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    newAccount: async () => network.ledger(network.createAccount()),
    again: ({ account }) => network.ledger(account),
    newTopic: async (by, submitter) => network.createTopic(by.account, submitter?.account),
    newToken: async ({ account }, supply) => network.createToken(account, supply),
    associate: async ({ account }, token) => network.associate(account, token),
    balance: async ({ account }, token) => network.balance(account, token),
    newEscrow: async (_by, parties) => network.createEscrow(parties.map(({ account }) => account)),
    cosigning: ({ account }) => ({
      signer: memorySigner(account),
      read: (batch) => readMemoryBatch(batch, account),
    }),
    now: () => nanosFromMs(clock.nowMs()),
    pass: (seconds) => until(clock.nowMs() + seconds * 1_000),
    moment: () => until(clock.nowMs() + 100),
    close: async () => {
      isOpen = false;
      await going;
    },
  };
}

describeLedger('a network in memory', () => openMemory({}, 1));

describeLedger('a troubled network in memory', () =>
  openMemory(
    {
      answerMs: [5, 400],
      consensusMs: [10, 1_500],
      busy: 0.2,
      lostRequests: 0.1,
      lostAnswers: 0.1,
      doubled: 0.2,
      lostReceipts: 0.1,
      readMs: [1, 50],
      restLagMs: 700,
      streamLagMs: 300,
    },
    2,
  ),
);
