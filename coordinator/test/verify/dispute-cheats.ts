import type { Cheat } from './fee-cheats.js';
import {
  AGENT_1,
  AGENT_2,
  ARBITER,
  COORDINATOR,
  GATEKEEPER,
  type HistoryBuilder,
  keyOf,
  STRANGER,
  scheduleOf,
} from './history-builder.js';

/** What the schedule of a dispute moved. */
function transferOf(h: HistoryBuilder, task: string): HistoryBuilder['transfers'][number] {
  const at = h.disputeSchedules.get(scheduleOf(task, 1));
  const found = h.transfers.find((one) => one.at === at);
  if (found === undefined) throw new Error(`the dispute of ${task} paid nothing`);
  return found;
}

/** What two of the three parties of an escrow do together, against the third, that they should not. */
export const DISPUTE_CHEATS: readonly Cheat[] = [
  [
    'an escrow that names an arbiter and does not hold its key',
    (h) => {
      h.escrowKey = { keys: [COORDINATOR, GATEKEEPER, STRANGER].map(keyOf), threshold: 2 };
    },
    ['escrow-key'],
  ],
  [
    'an escrow of three keys for which one is enough',
    (h) => {
      h.escrowKey = { keys: [COORDINATOR, GATEKEEPER, ARBITER].map(keyOf), threshold: 1 };
    },
    ['escrow-key'],
  ],
  [
    'a token that the arbiter alone can mint',
    (h) => {
      h.tokenKeys = [['supply', keyOf(ARBITER)]];
    },
    ['escrow-token'],
  ],
  [
    'coordinator and arbiter pay by a dispute that was not decided',
    (h) => h.remove(h.find('decision', 'c')),
    ['dispute-transfer'],
  ],
  [
    'gatekeeper and arbiter pay what the arbiter decided not to pay',
    (h) => h.edit('decision', 'c', { pay: false }),
    ['dispute-transfer'],
  ],
  [
    'a decision while what was signed before the dispute may still happen',
    (h) => {
      h.find('decision', 'c').at = h.find('dispute', 'c').at + 180_000_000_000n;
    },
    ['dispute-transfer'],
  ],
  [
    'the arbiter signs before it decides',
    (h) => {
      const sent = transferOf(h, 'c');
      sent.at = h.find('decision', 'c').at - 1n;
      h.disputeSchedules.set(scheduleOf('c', 1), sent.at);
    },
    ['dispute-transfer'],
  ],
  [
    'a dispute that pays another',
    (h) => {
      const sent = transferOf(h, 'c');
      sent.tokenTransfers = sent.tokenTransfers.map((one) =>
        one.account === AGENT_1 ? { ...one, account: AGENT_2 } : one,
      );
    },
    ['dispute-transfer'],
  ],
  [
    'a dispute that pays more than the price',
    (h) => {
      const sent = transferOf(h, 'c');
      sent.tokenTransfers = sent.tokenTransfers.map((one) => ({ ...one, amount: one.amount * 2n }));
    },
    ['dispute-transfer'],
  ],
  [
    'a decision to pay that the arbiter does not sign',
    (h) => {
      h.transfers.splice(h.transfers.indexOf(transferOf(h, 'c')), 1);
      h.disputeSchedules.set(scheduleOf('c', 1), undefined);
    },
    ['dispute-unpaid'],
  ],
  [
    'two decisions that one schedule pays',
    (h) => h.edit('dispute', 'c', { schedule: scheduleOf('b', 1) }),
    ['dispute-transfer', 'dispute-unpaid'],
  ],
  [
    'coordinator and gatekeeper pay what was disputed long before',
    (h) => {
      h.remove(h.find('decision', 'c'));
      h.transfers.splice(h.transfers.indexOf(transferOf(h, 'c')), 1);
      h.disputeSchedules.set(scheduleOf('c', 1), undefined);
      const end = h.find('run_closed').at;
      const { message, transfer } = h.settle({ payments: [{ task: 'c', attempt: 1, to: AGENT_1, amount: 30 }] });
      transfer.at = end - 20n;
      message.at = end - 10n;
      message.batch = end - 30n;
      transfer.batch = end - 30n;
    },
    ['dispute-paid'],
  ],
  [
    'a payment in a batch and by a decision',
    (h) => {
      const end = h.find('run_closed').at;
      const { message, transfer } = h.settle({ payments: [{ task: 'c', attempt: 1, to: AGENT_1, amount: 30 }] });
      transfer.at = end - 20n;
      message.at = end - 10n;
      message.batch = end - 30n;
      transfer.batch = end - 30n;
    },
    ['attempt-paid-twice', 'dispute-paid'],
  ],
  [
    'a refund to another than the coordinator',
    (h) => {
      const sent = h.transfer(h.mode.escrow ?? COORDINATOR, [{ to: STRANGER, amount: 8 }], undefined);
      sent.at = h.find('run_closed').at - 1n;
      sent.scheduled = true;
    },
    ['transfer-outside-batch'],
  ],
];

/** What is no cheat where there is an arbiter. */
export const FINE_WITH_ARBITER: readonly (readonly [what: string, change: (history: HistoryBuilder) => void])[] = [
  [
    'what was under way when the arbiter was asked is paid, and there is nothing to decide any more',
    (h) => {
      h.remove(h.find('decision', 'c'));
      h.transfers.splice(h.transfers.indexOf(transferOf(h, 'c')), 1);
      h.disputeSchedules.set(scheduleOf('c', 1), undefined);
      const began = h.find('dispute', 'c').at + 90_000_000_000n;
      const { message, transfer } = h.settle({ payments: [{ task: 'c', attempt: 1, to: AGENT_1, amount: 30 }] });
      transfer.at = began + 10n;
      message.at = began + 20n;
      message.batch = began;
      transfer.batch = began;
    },
  ],
  [
    'the arbiter decides not to pay what was accepted',
    (h) => {
      h.edit('decision', 'c', { pay: false });
      h.transfers.splice(h.transfers.indexOf(transferOf(h, 'c')), 1);
      h.disputeSchedules.set(scheduleOf('c', 1), undefined);
    },
  ],
  [
    'a decision by who is no arbiter has no effect',
    (h) => {
      const said = h.decide('b', 1, false, STRANGER);
      said.at = h.find('decision', 'b').at - 1n;
    },
  ],
];
