import type { RuleId } from '@gatepost/rules/verify/rules';
import type { CustomFee } from '@gatepost/shared/vocabulary/custom-fees';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { AGENT_1, COORDINATOR, type HistoryBuilder, STRANGER, TOKEN } from './history-builder.js';

/** What a coordinator writes and moves that it should not, and the rules it breaks. */
export type Cheat = readonly [what: string, cheat: (history: HistoryBuilder) => void, rules: readonly RuleId[]];

/** A custom fee for a stranger: a tenth of what is sent, from the sender. */
export const TENTH: CustomFee = {
  ...{ kind: 'fractional', collector: STRANGER, unit: TOKEN, isNet: true },
  ...{ numerator: 1n, denominator: 10n, minimum: 0n, maximum: undefined },
};

/** Adds to the transfer of 30 for the task c what somebody gets as a custom fee of the token. */
export function chargeFee(
  history: HistoryBuilder,
  fee: { to: AccountId; from?: AccountId; amount: bigint; schedule: readonly CustomFee[] | undefined },
): void {
  const { to, from = COORDINATOR, amount, schedule } = fee;
  const [, transfer] = history.transfers;
  if (transfer === undefined) throw new Error('no payment');
  const moves = new Map(transfer.tokenTransfers.map((move) => [move.account, move]));
  const payer = moves.get(from);
  transfer.tokenTransfers = transfer.tokenTransfers.map((move) =>
    move === payer ? { ...move, amount: move.amount - amount } : move,
  );
  transfer.tokenTransfers.push({ token: TOKEN, account: to, amount });
  const assessed = [{ unit: TOKEN, collector: to, amount, payers: [from] }];
  transfer.customFees = { assessed: [...(transfer.customFees?.assessed ?? []), ...assessed], schedule };
}

/** Cheats with the custom fees of the payment token. */
export const FEE_CHEATS: readonly Cheat[] = [
  [
    'tokens to somebody called a custom fee, which the token does not have',
    (h) => chargeFee(h, { to: STRANGER, amount: 1n, schedule: [] }),
    ['custom-fee'],
  ],
  [
    'a custom fee charged twice',
    (h) => {
      chargeFee(h, { to: STRANGER, amount: 3n, schedule: [TENTH] });
      chargeFee(h, { to: STRANGER, amount: 3n, schedule: [TENTH] });
    },
    ['custom-fee'],
  ],
  [
    'a custom fee of more than the token takes',
    (h) => chargeFee(h, { to: STRANGER, amount: 4n, schedule: [TENTH] }),
    ['custom-fee'],
  ],
  [
    'a custom fee that the mirror cannot compare with the token',
    (h) => chargeFee(h, { to: STRANGER, amount: 3n, schedule: undefined }),
    ['custom-fee'],
  ],
  [
    'a custom fee that says more than moved',
    (h) => {
      chargeFee(h, { to: STRANGER, amount: 3n, schedule: [TENTH] });
      h.transfers[1]?.tokenTransfers.splice(-1);
    },
    ['custom-fee'],
  ],
  [
    'tokens to a collector beside its custom fee',
    (h) => {
      chargeFee(h, { to: STRANGER, amount: 3n, schedule: [TENTH] });
      h.transfers[1]?.tokenTransfers.push({ token: TOKEN, account: STRANGER, amount: 1n });
    },
    ['transfer-unrecorded'],
  ],
  [
    'a custom fee out of what the agent gets',
    (h) => {
      chargeFee(h, { to: STRANGER, from: AGENT_1, amount: 3n, schedule: [{ ...TENTH, isNet: false }] });
    },
    ['custom-fee', 'transfer-amount'],
  ],
];
