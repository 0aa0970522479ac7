import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand, startCommand } from 'gatepost/stage/command';
import type { BenchCase, Figures } from '../bench-case.js';
import { type Fleet, openFleet } from '../fleet/fleet.js';
import { type RunEvent, timeOf, watchToEnd } from '../place.js';

const AGENTS = 1_000;
const TASKS = 3_000;
/** How long the work of a task takes: with the delays of ledger and mirror, 1,000 agents do more than 12 of them a second. */
const LEAST_MS = 40_000;
const SPREAD_MS = 60_000;
/** A multiplier that spreads neighbours (Knuth's, from the golden ratio). */
const SPREADER = 2_654_435_761;
const MS_PER_SECOND = 1_000;
const WINDOW_MS = 10_000;
const SAMPLE_MS = 1_000;

const planOf = (tasks: number) => ({
  name: 'bench-crowd',
  defaults: { deadline: '10m', price: 1, gate: 'none' },
  sequences: [
    {
      id: 'only',
      tasks: Array.from({ length: tasks }, (_, n) => ({
        id: `t${n}`,
        type: 'noop',
        input: { waitMs: LEAST_MS + ((n * SPREADER) % SPREAD_MS) },
      })),
    },
  ],
});

/** What the coordinator had asked of the mirror at a time. */
interface Asked {
  readonly atMs: number;
  readonly answered: number;
  readonly failed: number;
  /** Agents with a session. */
  readonly connected: number;
}

async function askedBy({ metricsPort }: Fleet): Promise<Asked | undefined> {
  const response = await fetch(`http://127.0.0.1:${metricsPort}/metrics`).catch(() => undefined);
  const body = await response?.text();
  if (body === undefined) return undefined;
  const of = (result: string) =>
    Number(new RegExp(`mirror_requests_total\\{result="${result}"\\} (\\d+)`).exec(body)?.[1] ?? 0);
  const connected = Number(/connected_agents (\d+)/.exec(body)?.[1] ?? 0);
  return { atMs: Date.now(), answered: of('answered'), failed: of('failed'), connected };
}

const NOTHING_ASKED: Asked = { atMs: 0, answered: 0, failed: 0, connected: 0 };

const total = ({ answered, failed }: Asked): number => answered + failed;

/** Most requests a second, over windows of ten seconds from a time on. */
function mostPerSecond(samples: readonly Asked[], fromMs: number): number {
  let most = 0;
  for (const [index, first] of samples.entries()) {
    if (first.atMs < fromMs) continue;
    const last = samples.slice(index).find(({ atMs }) => atMs >= first.atMs + WINDOW_MS);
    if (last === undefined) break;
    most = Math.max(most, ((total(last) - total(first)) * MS_PER_SECOND) / (last.atMs - first.atMs));
  }
  return most;
}

/** Payments a second between the first tenth of them and the last: without the way up and the end. */
function steadyPerSecond(paid: readonly RunEvent[]): number {
  const from = Math.floor(paid.length / 10);
  const to = Math.floor((paid.length * 9) / 10);
  const [first, last] = [paid[from], paid[to]];
  if (first === undefined || last === undefined) return Number.NaN;
  return ((to - from) * MS_PER_SECOND) / (timeOf(last) - timeOf(first));
}

interface Verified {
  readonly ok: boolean;
  readonly findings: readonly unknown[];
}

async function measure(directory: string, tasks: number): Promise<Figures> {
  const fleet = await openFleet(directory, AGENTS, { say: (line) => void process.stderr.write(`  ${line}\n`) });
  try {
    const file = join(directory, 'plan.json');
    writeFileSync(file, JSON.stringify(planOf(tasks)));
    const { configFile, env } = fleet.coordinator;
    const args = ['run', file, '--config', configFile, '--output-dir', join(directory, 'output'), '--json'];
    const logFile = join(directory, 'coordinator.log');
    const running = startCommand('coordinator', args, { name: 'coordinator', env, logFile });
    const startedMs = Date.now();
    const samples: Asked[] = [];
    let hasEnded = false;
    const sampling = (async () => {
      while (!hasEnded) {
        const asked = await askedBy(fleet);
        if (asked !== undefined) samples.push(asked);
        await sleep(SAMPLE_MS);
      }
    })();
    const { lines, use, tookMs } = await watchToEnd(running).finally(() => {
      hasEnded = true;
    });
    await sampling;
    const events = lines.map((line) => JSON.parse(line) as RunEvent);
    const paid = events.filter(({ event }) => event === 'settled');
    const [first, last] = [events.find(({ event }) => event === 'assigned'), paid.at(-1)];
    if (first === undefined || last === undefined) throw new Error(`nothing was paid; logs: ${directory}`);
    const askedUntil = (ms: number) => total(samples.findLast(({ atMs }) => atMs <= ms) ?? NOTHING_ASKED);
    const allConnected = samples.find(({ connected }) => connected === AGENTS);
    const refusals = await fleet.measure();
    const verified = await runCommand('coordinator', ['verify', '--journal', fleet.journal, '--json'], env);
    const atWorkMs = timeOf(last) - timeOf(first);
    return {
      'tasks paid': new Set(paid.map(({ task }) => task)).size,
      'payments of a task beyond one': paid.length - new Set(paid.map(({ task }) => task)).size,
      'tasks/s, from the first assignment to the last payment': (paid.length * MS_PER_SECOND) / atWorkMs,
      'tasks/s, from a tenth of the payments to nine tenths': steadyPerSecond(paid),
      "coordinator's mirror requests/s, most in ten seconds": mostPerSecond(samples, 0),
      "coordinator's mirror requests until the first assignment": askedUntil(timeOf(first)),
      "coordinator's mirror requests/s, most in ten seconds once all are connected": mostPerSecond(
        samples,
        allConnected?.atMs ?? Number.POSITIVE_INFINITY,
      ),
      "coordinator's mirror requests that failed": samples.at(-1)?.failed ?? Number.NaN,
      "daemons' mirror requests that failed": refusals.mirrorFailures,
      "daemons' transactions refused with BUSY": refusals.busy,
      'agents with a lease': refusals.leases,
      'verify, exit code': verified.code ?? Number.NaN,
      'verify, findings': (JSON.parse(verified.stdout) as Verified).findings.length,
      'from the start of the coordinator to the first assignment, s': (timeOf(first) - startedMs) / MS_PER_SECOND,
      'from the start of the coordinator until all are connected, s':
        ((allConnected?.atMs ?? Number.NaN) - startedMs) / MS_PER_SECOND,
      'coordinator, % of a core': (use.cpuMs * 100) / tookMs,
      'coordinator, peak MiB': use.peakMib,
    };
  } finally {
    await fleet.close();
  }
}

/** As many agents as a public network is to bear. */
export const crowd: BenchCase = {
  title: `${AGENTS.toLocaleString('en')} agents at work on --profile testnet, at least 12 tasks a second`,
  rounds: 1,
  contestants: ({ tasks = TASKS }) => [
    {
      name: 'gatepost; the daemons are the real ones, 250 to a process, each with an address of its own',
      measure: (directory) => measure(directory, tasks),
    },
  ],
};
