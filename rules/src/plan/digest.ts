import { type Json, jsonDigest, type Sha256 } from '@gatepost/shared/vocabulary/digest';
import type { Gate, Plan } from './plan.js';

type PlanContent = Omit<Plan, 'digest'>;

function gateContent(gate: Gate): Json {
  return gate.kind === 'agent' ? { ...gate, price: gate.price.toString() } : { ...gate };
}

/** What a plan says as JSON: amounts as decimal text, absent values left out. */
export function planContent(plan: PlanContent): Json {
  return {
    name: plan.name,
    sequences: plan.sequences.map(({ id, after }) => ({ id, after })),
    tasks: plan.tasks.map(({ agent, saveAs, price, gates, guard, ...task }) => ({
      ...task,
      price: price.toString(),
      gates: gates.map(gateContent),
      ...(agent === undefined ? {} : { agent }),
      ...(saveAs === undefined ? {} : { saveAs }),
      ...(guard ? { guard } : {}),
    })),
    ...(plan.maxTotal === undefined ? {} : { maxTotal: plan.maxTotal.toString() }),
    ...(plan.maxFeesUsd === undefined ? {} : { maxFeesUsd: plan.maxFeesUsd }),
  };
}

/** The identity of a plan: layout, comments and defaults written out do not change it. */
export const planDigest = (plan: PlanContent): Sha256 => jsonDigest(planContent(plan));
