// Loads a plan in a process of its own, and makes the state of a run of it, as a coordinator does before it begins.
import { loadPlan } from '@gatepost/party/plan/plan-file';
import { emptyState } from '@gatepost/rules/run/run-state';
import { accountId, tokenId, topicId } from '@gatepost/shared/vocabulary/ids';
import { useOf } from './process-use.js';

const [file = ''] = process.argv.slice(2);
const began = performance.now();
const plan = loadPlan(file);
const loaded = performance.now();
const coordinator = accountId('0.0.1001');
const named = { coordinator, journal: topicId('0.0.1002'), token: tokenId('0.0.1003'), agents: new Set([coordinator]) };
const state = emptyState({ run: 'bench-1', plan, ...named });
const ready = performance.now();
process.send?.({
  tasks: state.tasks.size,
  loadMs: loaded - began,
  stateMs: ready - loaded,
  peakMib: useOf(process.pid)?.peakMib ?? Number.NaN,
});
