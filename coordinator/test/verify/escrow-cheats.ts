import type { Cheat } from './fee-cheats.js';
import { COORDINATOR, GATEKEEPER, type HistoryBuilder, keyOf, STRANGER } from './history-builder.js';

const byCoordinator = (h: HistoryBuilder, task: string, attempt: number): void => {
  h.find('verdict', task, attempt).payer = COORDINATOR;
};

/** What a coordinator, or a gatekeeper, writes and moves that it should not where both have a key of an escrow. */
export const ESCROW_CHEATS: readonly Cheat[] = [
  [
    'a verdict of the coordinator beside a gatekeeper',
    (h) => byCoordinator(h, 'c', 1),
    ['plan-quorum', 'verdict-author'],
  ],
  ['an assignment under no judge', (h) => h.edit('assign', 'c', { judge: undefined }), ['escrow-judge']],
  ['an assignment under another judge', (h) => h.edit('assign', 'c', { judge: STRANGER }), ['escrow-judge']],
  [
    "a payment out of the coordinator's own pocket beside an escrow",
    (h) => {
      const [, transfer] = h.transfers;
      const moves = transfer?.tokenTransfers ?? [];
      transfer?.tokenTransfers.splice(
        0,
        2,
        ...moves.map((one) => (one.amount < 0n ? { ...one, account: COORDINATOR } : one)),
      );
    },
    ['wrong-payer'],
  ],
  [
    'tokens out of the escrow outside a batch, with both signatures',
    (h) => {
      const end = h.find('run_closed').at;
      h.transfer(h.mode.escrow ?? COORDINATOR, [{ to: STRANGER, amount: 8 }], undefined).at = end - 1n;
    },
    ['transfer-outside-batch'],
  ],
  [
    'a scheduled transfer of what is no rung of a refund',
    (h) => {
      const sent = h.transfer(h.mode.escrow ?? COORDINATOR, [{ to: STRANGER, amount: 9 }], undefined);
      sent.at = h.find('run_closed').at - 1n;
      sent.scheduled = true;
    },
    ['transfer-outside-batch'],
  ],
  [
    'an escrow under a single key',
    (h) => {
      h.escrowKey = undefined;
    },
    ['escrow-key'],
  ],
  [
    "an escrow without the gatekeeper's key",
    (h) => {
      h.escrowKey = { keys: [keyOf(COORDINATOR), keyOf(STRANGER)], threshold: 2 };
    },
    ['escrow-key'],
  ],
  [
    'an escrow for which one of its keys is enough',
    (h) => {
      h.escrowKey = { keys: [keyOf(COORDINATOR), keyOf(GATEKEEPER)], threshold: 1 };
    },
    ['escrow-key'],
  ],
  [
    'a token that the coordinator alone can mint',
    (h) => {
      h.tokenKeys = [['supply', keyOf(COORDINATOR)]];
    },
    ['escrow-token'],
  ],
  [
    'a token that the gatekeeper alone can take from an agent',
    (h) => {
      h.tokenKeys = [['wipe', keyOf(GATEKEEPER)]];
    },
    ['escrow-token'],
  ],
];

/** What is no cheat where there is an escrow. */
export const FINE_WITH_ESCROW: readonly (readonly [what: string, change: (history: HistoryBuilder) => void])[] = [
  [
    'a refund by its ladder while a run is open',
    (h) => {
      const sent = h.transfer(h.mode.escrow ?? COORDINATOR, [{ to: COORDINATOR, amount: 8 }], undefined);
      sent.at = h.find('run_closed').at - 1n;
      sent.scheduled = true;
    },
  ],
  [
    'the coordinator fills the escrow while a run is open',
    (h) => {
      h.transfer(COORDINATOR, [{ to: h.mode.escrow ?? COORDINATOR, amount: 500 }], undefined).at =
        h.find('run_closed').at - 1n;
    },
  ],
  [
    'keys of the token that an issuer holds',
    (h) => {
      h.tokenKeys = [['freeze', keyOf(STRANGER)]];
    },
  ],
  [
    "the coordinator's word on what was not delivered",
    (h) => {
      const at = h.find('result', 'a', 1).at;
      h.edit('result', 'a', { outcome: 'failed', reason: 'exit code 1' }, 1);
      h.find('verdict', 'a', 1).payer = COORDINATOR;
      h.find('verdict', 'a', 1).at = at + 1n;
    },
  ],
  [
    "the coordinator's word on delivered work, which has no effect",
    (h) => {
      const given = h.verdict('b', 1, false, 'cancelled', COORDINATOR);
      given.at = h.find('verdict', 'b').at - 1n;
    },
  ],
];
