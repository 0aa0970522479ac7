import { canonicalJson, type Json, type Sha256, sha256OfAll } from '@gatepost/shared/vocabulary/digest';
import type { Gate, Plan, PlanTask } from './plan.js';

type PlanContent = Omit<Plan, 'digest'>;

function gateContent(gate: Gate): Json {
  if (gate.kind === 'agent') return { ...gate, price: gate.price.toString() };
  if (gate.kind !== 'command') return { ...gate };
  const { tree, ...rest } = gate;
  return tree === undefined ? rest : { ...rest, tree: { ...tree } };
}

function taskContent({ agent, saveAs, price, gates, guard, ...task }: PlanTask): Json {
  return {
    ...task,
    price: price.toString(),
    gates: gates.map(gateContent),
    ...(agent === undefined ? {} : { agent }),
    ...(saveAs === undefined ? {} : { saveAs }),
    ...(guard ? { guard } : {}),
  };
}

/**
 * What a plan says as canonical JSON, in pieces: amounts as decimal text, absent values left out. A plan may be of any
 * size, and a copy of all of it would be garbage at once.
 */
function* planContent(plan: PlanContent): Generator<string> {
  const { name, maxTotal, maxFeesUsd } = plan;
  const rest = canonicalJson({
    name,
    sequences: plan.sequences.map(({ id, after }) => ({ id, after })),
    ...(maxTotal === undefined ? {} : { maxTotal: maxTotal.toString() }),
    ...(maxFeesUsd === undefined ? {} : { maxFeesUsd }),
  });
  // The name of the tasks comes after those of all the rest, as canonical JSON has it.
  yield `${rest.slice(0, -1)},"tasks":[`;
  let separator = '';
  for (const task of plan.tasks) {
    yield `${separator}${canonicalJson(taskContent(task))}`;
    separator = ',';
  }
  yield ']}';
}

/** The identity of a plan: layout, comments and defaults written out do not change it. */
export const planDigest = (plan: PlanContent): Sha256 => sha256OfAll(planContent(plan));
