import { reduce } from '@gatepost/rules/fold/reduce';
import type { Plan } from '@gatepost/rules/plan/plan';
import { emptyState } from '@gatepost/rules/run/run-state';
import type { AnyEntry } from '@gatepost/rules/verify/history';
import type { Sha256 } from '@gatepost/shared/vocabulary/digest';
import type { AccountId, TokenId, TopicId } from '@gatepost/shared/vocabulary/ids';
import type { ReportedAgent } from './document.js';
import type { PlaceAt } from './places.js';

/** Agents' lives are of no run: they are folded as a run without tasks would see them. */
const NO_PLAN: Plan = {
  name: '',
  sequences: [],
  tasks: [],
  maxTotal: undefined,
  maxFeesUsd: undefined,
  digest: '' as Sha256,
};

/** What the journal says of agents' lives, in the order in which they came. */
export function agentsOf(
  journal: TopicId,
  agents: ReadonlySet<AccountId>,
  entries: readonly AnyEntry[],
  leases: ReadonlyMap<AccountId, string>,
  placeAt: PlaceAt,
): ReportedAgent[] {
  const nobody = '' as AccountId;
  const state = emptyState({ run: '', plan: NO_PLAN, coordinator: nobody, journal, token: '' as TokenId, agents });
  const histories = new Map<AccountId, ReportedAgent['history']>();
  for (const entry of entries) {
    reduce(state, entry, (change) => {
      if (change.event !== 'agent') return;
      const { life, reason } = state.agents.get(change.agent) ?? {};
      const history = histories.get(change.agent) ?? [];
      histories.set(change.agent, history);
      if (life !== undefined)
        history.push({ life, ...(reason === undefined ? {} : { reason }), place: placeAt(entry.at) });
    });
  }
  return [...state.agents.values()].map(({ account, life, address, capabilities, slots }) => {
    const lease = leases.get(account);
    return {
      agent: account,
      life,
      address,
      capabilities: [...capabilities],
      slots,
      ...(lease === undefined ? {} : { lease_until: lease }),
      history: histories.get(account) ?? [],
    };
  });
}
