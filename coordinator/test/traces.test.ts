import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RunTrace } from '@gatepost/coordinator/shell/tracing/run-trace';
import type { DispatchedWork } from '@gatepost/party/agents/session';
import { emptyState } from '@gatepost/rules/run/run-state';
import { systemClock } from '@gatepost/shared/clock';
import { parseTraceparent } from '@gatepost/shared/tracing/trace-context';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CoordinatorProcess } from './support/coordinator-process.js';
import { OtlpReceiver, type ReceivedSpan } from './support/otlp-receiver.js';
import { Lane, TestLedger } from './support/stage.js';

const SECRET = 'an-input-nobody-is-to-see';
const OUTPUT = 'an-output-nobody-is-to-see';

let receiver: OtlpReceiver;
let ledger: TestLedger;
let lane: Lane;
let coordinator: CoordinatorProcess;
let planFile: string;

const spansOf = (task: string, name?: string): ReceivedSpan[] =>
  receiver.spans.filter(
    (span) => span.attributes['gatepost.task'] === task && (name === undefined || span.name === name),
  );

function only(task: string, name: string): ReceivedSpan {
  const [span, ...more] = spansOf(task, name);
  if (span === undefined || more.length > 0) throw new Error(`${1 + more.length} or no spans ${name} of ${task}`);
  return span;
}

beforeAll(async () => {
  receiver = await OtlpReceiver.open();
  ledger = await TestLedger.start();
  const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_BSP_SCHEDULE_DELAY: '100' };
  const once = `cat >/dev/null; printf '${OUTPUT}'; test "$GATEPOST_ATTEMPT" -gt 1`;
  lane = await Lane.open(ledger, { work: { command: ['sh', '-c', once] } }, 1, traced);
  coordinator = new CoordinatorProcess(lane);
  planFile = join(lane.directory, 'plan.json');
  const gate = { command: ['sh', '-c', 'cat >/dev/null'] };
  const tasks = [
    { id: 'a', type: 'work', price: 5, attempts: 2, input: { text: SECRET }, gate },
    { id: 'b', type: 'work', attempts: 2, gate: 'none', depends_on: ['a'] },
  ];
  writeFileSync(planFile, JSON.stringify({ name: 'traced', sequences: [{ id: 's', tasks }] }));
}, 60_000);

afterAll(async () => {
  await lane?.close();
  await ledger?.close();
  receiver?.close();
});

describe('the traces of a run', () => {
  it('one of each task holds assignment, execution, gates and settlement, of both processes', async () => {
    expect(await coordinator.run(planFile)).toMatchObject({ code: 0 });
    await lane.killAgents('SIGTERM');
    const task = only('a', 'task');
    expect(task).toMatchObject({ parent: '', isFailed: false, service: 'gatepost-coordinator' });
    expect(task.attributes['gatepost.state']).toBe('paid');
    const settle = only('a', 'settle');
    expect(settle).toMatchObject({ trace: task.trace, parent: task.id });
    const attempts = spansOf('a', 'attempt');
    expect(attempts.map(({ isFailed }) => isFailed)).toEqual([true, false]);
    for (const attempt of attempts) {
      expect(attempt).toMatchObject({ trace: task.trace, parent: task.id });
      const number = attempt.attributes['gatepost.attempt'];
      const within = spansOf('a').filter(({ parent }) => parent === attempt.id);
      for (const span of within) {
        expect(span.trace, span.name).toBe(task.trace);
        expect(span.attributes['gatepost.attempt'], span.name).toBe(number);
        expect(span.startNanos >= task.startNanos && span.endNanos <= task.endNanos, span.name).toBe(true);
      }
      const execute = within.find(({ name }) => name === 'execute');
      expect(execute).toMatchObject({ service: 'gatepost-agent', isFailed: number === '1' });
      // A failed result is not judged by gates.
      const names = number === '1' ? ['assign', 'execute'] : ['assign', 'execute', 'gates'];
      expect(within.map(({ name }) => name).sort()).toEqual(names);
    }
    const other = only('b', 'task');
    expect(other.trace).not.toBe(task.trace);
    expect(new Set(spansOf('b').map(({ trace }) => trace))).toEqual(new Set([other.trace]));
    expect(spansOf('b', 'settle')).toEqual([]);
    expect(new Set(receiver.spans.map(({ id }) => id)).size).toBe(receiver.spans.length);
  }, 60_000);

  it('tell of no input, output or key', () => {
    for (const secret of [SECRET, OUTPUT, lane.coordinator.der, ...lane.agents.map(({ der }) => der)]) {
      expect(receiver.raw.includes(secret), secret).toBe(false);
    }
  });

  it('are gone on with by a process that resumes the run', () => {
    const { account } = lane.coordinator.connection;
    const context = {
      run: 'r',
      plan: { sequences: [], tasks: [] } as never,
      coordinator: account,
      journal: lane.journal,
      token: lane.token,
      agents: new Set([account]),
    };
    /** What an agent is told of an attempt by a process that sees the run opened at a time. */
    const toldBy = async (openedAt: bigint, task: string): Promise<string | undefined> => {
      const told: DispatchedWork[] = [];
      const link = { dispatch: async (work: DispatchedWork) => void told.push(work) };
      const tracing = { tell: () => undefined, isSampled: () => true, close: async () => undefined };
      const trace = new RunTrace(tracing, { ...emptyState(context), openedAt }, systemClock);
      const parts = { fleet: { link: () => link } } as never;
      const work = { ref: { run: 'r', task, attempt: 1 } } as DispatchedWork;
      await trace.watch(parts).fleet.link(account)?.dispatch(work);
      return told[0]?.traceparent;
    };
    return Promise.all([toldBy(1n, 'a'), toldBy(1n, 'a'), toldBy(1n, '1~a'), toldBy(2n, 'a'), toldBy(1n, 'b')]).then(
      ([one = '', same, review = '', another = '', other = '']) => {
        expect(same).toBe(one);
        const [of, ofReview, ...others] = [one, review, another, other].map((text) => parseTraceparent(text)?.traceId);
        expect(ofReview).toBe(of);
        expect(new Set([of, ...others]).size).toBe(3);
      },
    );
  });
});
