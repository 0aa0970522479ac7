import type { AgentState } from '@gatepost/rules/run/agent-state';
import { type Attempt, isOpen } from '@gatepost/rules/run/attempt';
import { freeNumbers, membersInRound } from '@gatepost/rules/run/attempt-numbers';
import { reviewersOf } from '@gatepost/rules/run/review-id';
import { awaitsPerson, isTerminal, membersOf, type TaskState } from '@gatepost/rules/run/task-state';
import { countsAgainstAgent, DEADLINE_GATE } from '@gatepost/rules/run/verdict-gates';
import { BATCH_PRICE, messagePrice, tokenTransferPrice, usdOf } from '@gatepost/shared/vocabulary/fees';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { formatDurationMs, msFromNanos } from '@gatepost/shared/vocabulary/time';
import { assignKey } from '../effects/effect-key.js';
import { GUARD_PRICE } from '../guard.js';
import { able, isExhausted, lastServableMs, pickAgent } from './agents.js';
import { isDoubted, type Pass } from './pass.js';
import type { Wanted } from './wanted.js';

/** Tasks of one lane that are looked at in vain before the lane is left for this pass. */
const FRUITLESS = 64;

/** Most that one attempt can cost the coordinator: two messages, a payment of its own, and its share of the rest. */
const ATTEMPT_FEES_USD = usdOf(messagePrice(1_024) + 3n * messagePrice(400) + tokenTransferPrice(2) + BATCH_PRICE);

const NOBODY: ReadonlySet<AccountId> = new Set();

/** Assigns ready tasks, oldest first, to agents with free slots: one attempt each time that it is asked to go on. */
export function* assignReady(pass: Pass): Generator<void> {
  const { ready, tasks } = pass.state;
  for (const lane of ready.lanes()) {
    let fruitless = 0;
    const wanted = ({ task, round }: { task: string; round: number }) => isWanted(tasks.get(task), round);
    for (const id of ready.live(lane, wanted)) {
      const task = tasks.get(id);
      if (task === undefined) continue;
      if (pass.open >= pass.limits.openAttempts || fruitless >= FRUITLESS) break;
      if (yield* assignRound(pass, task, lane.agent)) continue;
      // Agents that are only busy will come back to this lane; nothing is gained by looking further.
      if (isExhausted(pass, { type: lane.type, agent: lane.agent, not: NOBODY })) break;
      fruitless += 1;
    }
  }
}

const isWanted = (task: TaskState | undefined, round: number): boolean =>
  task !== undefined && task.need > 0 && task.failures === round && task.waiting === 0 && !isTerminal(task.status);

/** Assigns what a task still wants; false when it wants more than could be had. */
function* assignRound(pass: Pass, task: TaskState, only: AccountId | undefined): Generator<void, boolean> {
  const numbers = freeNumbers(task);
  const busyAgents = agentsInRound(pass, task, numbers);
  for (const number of numbers) {
    if (pass.busy(assignKey(task.spec.id, number))) continue;
    const wanted: Wanted = { type: task.spec.type, agent: only, not: busyAgents };
    const agent = assignOne(pass, task, number, wanted);
    if (agent === undefined) return false;
    busyAgents.add(agent.account);
    yield;
  }
  return true;
}

/** Agents that must not get a further attempt of this round. */
export function agentsInRound(pass: Pass, task: TaskState, numbers: readonly number[]): Set<AccountId> {
  const agents = new Set<AccountId>(reviewersOf(pass.state, task));
  if (task.spec.retry === 'elsewhere' && task.failures > 0) {
    const last = task.attempts.at(-1);
    if (last !== undefined) agents.add(last.agent);
  }
  if (membersOf(task.spec) === 1) return preferOthers(pass, task, agents);
  for (const { agent } of membersInRound(task)) agents.add(agent);
  for (const number of numbers) {
    const assignment = pass.seen.inFlight.assignments.get(assignKey(task.spec.id, number));
    if (assignment !== undefined) agents.add(assignment.agent);
  }
  return agents;
}

/**
 * A task that has failed is better tried by an agent that did not fail it, for as long as it would wait for one; a host
 * that fails at once must not use up the attempts of everything while the others are busy.
 */
function preferOthers(pass: Pass, task: TaskState, agents: Set<AccountId>): Set<AccountId> {
  const { retry, type, agent: only } = task.spec;
  const last = task.attempts.at(-1)?.verdict;
  if (retry !== 'any' || only !== undefined || task.failures === 0 || last === undefined) return agents;
  if (pass.nowMs > msFromNanos(last.at) + pass.limits.agentWaitMs) return agents;
  const without = new Set(agents);
  for (const { agent, verdict } of task.attempts)
    if (verdict !== undefined && countsAgainstAgent(verdict)) without.add(agent);
  const others = pass.alive(type).filter((agent) => !isDoubted(agent));
  return others.some(({ account }) => !without.has(account)) ? without : agents;
}

/** Assigns one attempt if an agent, the input and the budget allow it; gives the task up when they will not. */
export function assignOne(pass: Pass, task: TaskState, number: number, wanted: Wanted): AgentState | undefined {
  if (!withinBudget(pass, task, number) || lacksInput(pass, task, number)) return undefined;
  if (isPastRefund(pass, task, number)) return undefined;
  const small = pass.tooSmallFor(pass.seen.largeInputs.get(task.spec.id));
  if (isTooLargeForAll(pass, task, number, wanted, small)) return undefined;
  const fitting = small.size === 0 ? wanted : { ...wanted, not: new Set([...wanted.not, ...small]) };
  const agent = pickAgent(pass, fitting);
  if (agent === undefined) {
    giveUpWithoutAgent(pass, task, number, fitting);
    return undefined;
  }
  pass.ask({
    kind: 'assign',
    key: assignKey(task.spec.id, number),
    task: task.spec.id,
    attempt: number,
    agent: agent.account,
    inbox: agent.inbox,
    price: task.spec.price,
    deadlineMs: pass.nowMs + task.spec.deadlineMs,
  });
  return agent;
}

function withinBudget(pass: Pass, task: TaskState, number: number): boolean {
  const { maxTotal } = pass.state.context.plan;
  const short =
    maxTotal === undefined || pass.committed + task.spec.price <= maxTotal
      ? feesShort(pass, task)
      : `${task.spec.price} more would exceed max_total ${maxTotal}; ${maxTotal - pass.committed} is left`;
  if (short === undefined) return true;
  if (!mayStillFree(pass)) pass.verdict(task.spec.id, number, false, 'budget', short);
  return false;
}

/** Why the fees of one more attempt, with those of all that is under way, might exceed the budget. */
function feesShort(pass: Pass, task: TaskState): string | undefined {
  const { maxFeesUsd } = pass.state.context.plan;
  if (maxFeesUsd === undefined) return undefined;
  const expected = pass.seen.feesUsd + (pass.open + 1) * ATTEMPT_FEES_USD + (task.spec.guard ? usdOf(GUARD_PRICE) : 0);
  if (expected <= maxFeesUsd) return undefined;
  return `fees of $${pass.seen.feesUsd.toFixed(4)} so far; one more attempt might exceed max_fees $${maxFeesUsd}`;
}

/** Whether something under way may yet be rejected and leave its price to others. */
function mayStillFree(pass: Pass): boolean {
  const { judgeable, tasks, overdue } = pass.state;
  // What is late and yet cannot be given up, because another attempt was delivered, waits for that other one itself.
  const stuck = [...overdue].filter(({ task, number }) => !pass.mayGiveUp(task, number, DEADLINE_GATE)).length;
  if (pass.working > stuck || pass.commands.length > 0 || pass.seen.inFlight.size > 0) return true;
  return [...judgeable].some((id) =>
    tasks.get(id)?.attempts.some((attempt) => isOpen(attempt) && asksPerson(tasks.get(id), attempt)),
  );
}

const asksPerson = (task: TaskState | undefined, attempt: Attempt): boolean =>
  task !== undefined && attempt.result?.ok === true && awaitsPerson(task, attempt);

/** Whether the task is given up because the money would be back with its owner before the work could be paid. */
function isPastRefund(pass: Pass, { spec }: TaskState, number: number): boolean {
  const { assignUntilMs } = pass.limits;
  if (assignUntilMs === undefined || spec.price === 0n || pass.nowMs + spec.deadlineMs <= assignUntilMs) return false;
  const reason = 'the refund of the escrow comes before its deadline; put it off with "coordinator fund 0 --refund-at"';
  pass.verdict(spec.id, number, false, 'unassignable', reason);
  return true;
}

/** Whether the task is given up because its input cannot be had. */
function lacksInput(pass: Pass, task: TaskState, number: number): boolean {
  const trouble = pass.seen.inputTrouble.get(task.spec.id);
  if (trouble === undefined || pass.nowMs - trouble.sinceMs <= pass.limits.agentWaitMs) return false;
  pass.verdict(task.spec.id, number, false, 'unassignable', trouble.reason);
  return true;
}

/** Whether the task is given up because no agent that offers it takes an input of its size. */
function isTooLargeForAll(
  pass: Pass,
  task: TaskState,
  number: number,
  wanted: Wanted,
  small: ReadonlySet<AccountId>,
): boolean {
  if (small.size === 0) return false;
  const among = [...able(pass, wanted)].map(({ account }) => account);
  if (among.length === 0 || !among.every((account) => small.has(account))) return false;
  const limits = among.map((account) => pass.seen.sessions.get(account)?.maxInputBytes ?? 0);
  const bytes = pass.seen.largeInputs.get(task.spec.id);
  const most = Math.max(...limits);
  const reason = `its input has ${bytes} bytes; no agent that offers ${wanted.type} takes more than ${most}`;
  pass.verdict(task.spec.id, number, false, 'unassignable', reason);
  return true;
}

function giveUpWithoutAgent(pass: Pass, task: TaskState, number: number, wanted: Wanted): void {
  const held = task.attempts.findLast((attempt) => isOpen(attempt) && attempt.result === undefined);
  pass.unserved.push({ task: task.spec.id, wanted, held });
  if (held !== undefined) return;
  const decided = task.attempts.at(-1)?.verdict?.at;
  const since = Math.max(pass.seen.startedMs, decided === undefined ? 0 : msFromNanos(decided));
  const waitedMs = pass.nowMs - lastServableMs(pass, wanted, since);
  if (waitedMs <= pass.limits.agentWaitMs) return;
  const who = wanted.agent ?? `no agent with capability ${wanted.type}`;
  const other = wanted.not.size > 0 ? ` besides ${[...wanted.not].join(', ')}` : '';
  const reason = `${who}${other} ${wanted.agent === undefined ? 'was' : 'was not'} reachable for ${formatDurationMs(waitedMs)}`;
  pass.verdict(task.spec.id, number, false, 'unassignable', reason);
}
