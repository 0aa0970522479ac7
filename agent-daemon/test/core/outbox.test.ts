import type { TransactionId } from '@gatepost/shared/vocabulary/ids';
import type { Outcome } from '@gatepost/shared/vocabulary/outcome';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Outbox, type OutboxCommand, type OutboxInput } from '../../src/core/outbox.js';
import type { Parcel, Report } from '../../src/core/report-queue.js';
import { done, never, refused, unknown } from '../support/outcomes.js';

/** Names such as t7 and a stand for tasks of a plan. */
const numbered = (task: string): string => `#${Number(/\d+/.exec(task)?.[0] ?? 0) + 1}`;

const started = (task: string): Report => ({
  attempt: task,
  run: 'run',
  record: { type: 'started', task: numbered(task), attempt: 1 },
});
const result = (task: string): Report => ({
  attempt: task,
  run: 'run',
  record: { type: 'result', task: numbered(task), attempt: 1, outcome: 'failed', reason: task.padEnd(100, '.') },
});
const id = (n: number) => `0.0.20@${n}.000000001` as TransactionId;

const tasksOf = (parcel: Parcel): string[] =>
  parcel.reports.flatMap(({ attempt, record }) => (record.type === 'result' && attempt !== undefined ? [attempt] : []));

/** What a process leaves in its store, and what the ledger knows. */
class World {
  readonly journal: string[] = [];
  readonly store = new Map<TransactionId, Parcel>();
  readonly owed = new Map<string, Report>();
  readonly taken = new Set<TransactionId>();
  ids = 0;

  constructor(readonly fillMs: number) {}

  /** The network decides once about an id; afterwards it only tells or does not tell. */
  outcome(id: TransactionId, parcel: Parcel, fate: number): Outcome {
    if (fate === 0) return unknown(id);
    if (fate === 1 && !this.taken.has(id)) return fate % 2 === 0 ? never(id) : refused('BUSY', id);
    if (fate === 2 && !this.taken.has(id)) return never(id);
    if (!this.taken.has(id)) this.journal.push(...tasksOf(parcel));
    this.taken.add(id);
    return fate === 3 ? unknown(id) : done(undefined, id);
  }
}

/** One process: carries out what its outbox decides, with outcomes that chance picks, until it is calm or crashes. */
function run(world: World, fates: Iterator<number>, { add = [] as readonly Report[], steps = 1_000, calm = false }) {
  const outbox = new Outbox(world.fillMs);
  const parcels = new Map<TransactionId, Parcel>();
  const inputs: OutboxInput[] = [...world.store].map(([id, parcel]) => {
    const owed = { run: parcel.run, reports: parcel.reports.filter(({ attempt = '' }) => world.owed.has(attempt)) };
    parcels.set(id, owed);
    return { type: 'earlier', id, parcel: owed };
  });
  const onTheWay = new Set([...world.store.values()].flatMap(tasksOf));
  for (const [task, report] of world.owed) if (!onTheWay.has(task)) inputs.push({ type: 'report', report });
  for (const report of add) {
    world.owed.set(report.attempt ?? '', report);
    inputs.push({ type: 'report', report });
  }
  const perform = (command: OutboxCommand): OutboxInput | undefined => {
    switch (command.do) {
      case 'sign': {
        world.ids += 1;
        const newId = id(world.ids);
        parcels.set(newId, command.parcel);
        if (tasksOf(command.parcel).length > 0) world.store.set(newId, command.parcel);
        return { type: 'signed', id: newId, parcel: command.parcel };
      }
      case 'execute': {
        const fate = calm ? 4 : (fates.next().value as number);
        const outcome = world.outcome(command.id, parcels.get(command.id) ?? { run: undefined, reports: [] }, fate);
        return { type: 'outcome', id: command.id, outcome };
      }
      case 'conclude':
        world.store.delete(command.id);
        for (const task of command.reported) world.owed.delete(task);
        return { type: 'concluded', id: command.id };
      case 'complain':
        return undefined;
    }
  };
  let nowMs = 0;
  for (let step = 0; step < steps; step += 1) {
    const input = inputs.shift();
    const { commands, wakeAtMs } = outbox.step(input ?? { type: 'tick' }, nowMs);
    for (const command of commands) {
      const answer = perform(command);
      if (answer !== undefined) inputs.push(answer);
    }
    if (inputs.length > 0) continue;
    if (wakeAtMs === undefined) break;
    nowMs = Math.max(nowMs, wakeAtMs);
  }
  return outbox;
}

function* endless(fates: readonly number[]): Generator<number> {
  for (;;) yield* fates.length === 0 ? [4] : fates;
}

describe('whatever becomes of messages, and whenever the process crashes', () => {
  it('each result is on the journal exactly once in the end', () => {
    const fate = fc.nat(4);
    const lives = fc.array(fc.record({ steps: fc.nat(40), results: fc.nat(12) }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(
        fc.array(fate, { minLength: 1, maxLength: 50 }),
        lives,
        fc.constantFrom(0, 1_000),
        (fates, crashes, fillMs) => {
          const world = new World(fillMs);
          const tasks: string[] = [];
          for (const { steps, results } of crashes) {
            const add = Array.from({ length: results }, (_, n) => result(`t${tasks.length + n}`));
            tasks.push(...add.map(({ attempt = '' }) => attempt));
            run(world, endless(fates), { add, steps });
          }
          const last = run(world, endless([]), { calm: true });
          expect(last.pending).toBe(0);
          expect(world.store.size).toBe(0);
          expect([...world.journal].sort()).toEqual([...tasks].sort());
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('a record waits for others', () => {
  /** When it goes out that comes at 1,000 ms, after a message with others that took so long. */
  const goesOutAfter = (report: Report, before: readonly Report[], tookMs: number): number => {
    const outbox = new Outbox();
    for (const earlier of before) outbox.step({ type: 'report', report: earlier }, 0);
    outbox.step({ type: 'tick' }, 20);
    outbox.step({ type: 'signed', id: id(1), parcel: { run: 'run', reports: before } }, 20);
    outbox.step({ type: 'outcome', id: id(1), outcome: done() }, 20 + tookMs);
    outbox.step({ type: 'concluded', id: id(1) }, 20 + tookMs);
    return (outbox.step({ type: 'report', report }, 10_000).wakeAtMs ?? Number.NaN) - 10_000;
  };

  it('a moment, where messages are quick and the last one found nothing to take along', () => {
    expect(goesOutAfter(result('b'), [result('a')], 8)).toBe(2);
    expect(goesOutAfter(result('b'), [result('a')], 0)).toBe(1);
  });

  it('not at all, when no other is to be expected; what waits goes along', () => {
    const outbox = new Outbox();
    outbox.step({ type: 'report', report: result('a') }, 0);
    const { commands } = outbox.step({ type: 'report', report: result('b'), isLast: true }, 1);
    const signed = commands.flatMap((command) => (command.do === 'sign' ? command.parcel.reports : []));
    expect(signed.map(({ attempt }) => attempt)).toEqual(['a', 'b']);
    expect(outbox.step({ type: 'report', report: started('c'), isLast: true }, 1).commands).toEqual([]);
  });

  it('longer, where they come together, where a message takes long, or while only a start is told', () => {
    expect(goesOutAfter(result('c'), [result('a'), result('b')], 8)).toBe(20);
    expect(goesOutAfter(result('b'), [result('a')], 3_000)).toBe(20);
    expect(goesOutAfter(started('b'), [result('a')], 8)).toBe(100);
  });

  /** What a step signs, as the attempts of each message. */
  const signedBy = (commands: readonly OutboxCommand[]): (string | undefined)[][] =>
    commands.flatMap((command) =>
      command.do === 'sign' ? [command.parcel.reports.map(({ attempt }) => attempt)] : [],
    );

  it('not once a message is full, and what is left over waits again', () => {
    const outbox = new Outbox();
    const comes = (task: string, nowMs: number) =>
      signedBy(outbox.step({ type: 'report', report: result(task) }, nowMs).commands);
    for (let n = 0; n < 12; n += 1) expect(comes(`t${n}`, n)).toEqual([]);
    // Until a message was full nobody knows how many fill one.
    const [first = [], ...more] = signedBy(outbox.step({ type: 'tick' }, 20).commands);
    expect(more).toEqual([]);
    const left = 12 - first.length;
    expect(left).toBeGreaterThan(0);
    for (let n = left; n < first.length - 1; n += 1) expect(comes(`u${n}`, 21)).toEqual([]);
    expect(comes('last', 21).map(({ length }) => length)).toEqual([first.length]);
    expect(outbox.step({ type: 'tick' }, 22).wakeAtMs).toBeUndefined();
  });

  it('a start for its result, whatever goes meanwhile, but not longer than it may', () => {
    const outbox = new Outbox();
    outbox.step({ type: 'report', report: started('a') }, 0);
    outbox.step({ type: 'report', report: result('b') }, 10);
    expect(signedBy(outbox.step({ type: 'tick' }, 30).commands)).toEqual([['b']]);
    outbox.step({ type: 'report', report: result('c') }, 90);
    expect(signedBy(outbox.step({ type: 'tick' }, 100).commands)).toEqual([['a', 'c']]);
  });

  it('as long as is configured where messages cost money, however many they are', () => {
    const outbox = new Outbox(1_000);
    for (let n = 0; n < 12; n += 1) outbox.step({ type: 'report', report: result(`t${n}`) }, 5_000 + n);
    expect(outbox.step({ type: 'tick' }, 5_500)).toMatchObject({ wakeAtMs: 6_000 });
    // A message that arrives meanwhile sends nothing before its time.
    const busy = new Outbox(1_000);
    const parcel = { run: 'run', reports: [result('a')] };
    busy.step({ type: 'report', report: result('a') }, 0);
    busy.step({ type: 'tick' }, 1_000);
    busy.step({ type: 'signed', id: id(1), parcel }, 1_000);
    busy.step({ type: 'report', report: result('b') }, 3_000);
    busy.step({ type: 'outcome', id: id(1), outcome: done() }, 3_100);
    expect(busy.step({ type: 'concluded', id: id(1) }, 3_100)).toEqual({ commands: [], wakeAtMs: 4_000 });
    // What is told together takes as few messages as hold it, and a start whose result came meanwhile takes none.
    const many = new Outbox(1_000);
    for (let n = 0; n < 40; n += 1) many.step({ type: 'report', report: started(`t${n}`) }, 5_000);
    for (let n = 0; n < 40; n += 1) many.step({ type: 'report', report: result(`t${n}`) }, 5_001);
    const { commands } = many.step({ type: 'tick' }, 6_001);
    const told = commands.map((command) => (command.do === 'sign' ? command.parcel.reports : []));
    expect(told.map(({ length }) => length)).toEqual([9, 8, 8, 8, 7]);
    expect(new Set(told.flat().map(({ record }) => record.type))).toEqual(new Set(['result']));
  });
});

describe('a message', () => {
  const parcel: Parcel = { run: 'run', reports: [result('a')] };

  it.each([
    ['never happened', never()],
    ['was refused', refused('INSUFFICIENT_PAYER_BALANCE')],
  ])('of an earlier process that %s goes out again under a new id', (_what, outcome) => {
    const outbox = new Outbox();
    expect(outbox.step({ type: 'earlier', id: id(1), parcel }, 0).commands).toEqual([{ do: 'execute', id: id(1) }]);
    const learnt = outbox.step({ type: 'outcome', id: id(1), outcome }, 0);
    expect(learnt.commands).toMatchObject([{ do: 'complain' }, { do: 'conclude', id: id(1), reported: [] }]);
    const { wakeAtMs = Number.NaN } = outbox.step({ type: 'concluded', id: id(1) }, 0);
    expect(wakeAtMs).toBe(500);
    expect(outbox.step({ type: 'tick' }, wakeAtMs).commands).toEqual([{ do: 'sign', parcel }]);
  });

  it('of which nobody can tell is executed again with the same id, and nothing of it under another', () => {
    const outbox = new Outbox();
    outbox.step({ type: 'earlier', id: id(1), parcel }, 0);
    let nowMs = 0;
    for (let n = 0; n < 20; n += 1) {
      const { wakeAtMs = Number.NaN } = outbox.step({ type: 'outcome', id: id(1), outcome: unknown() }, nowMs);
      expect(wakeAtMs, `try ${n}`).toBeGreaterThan(nowMs);
      expect(wakeAtMs, `try ${n}`).toBeLessThanOrEqual(nowMs + 30_000);
      nowMs = wakeAtMs;
      expect(outbox.step({ type: 'tick' }, nowMs).commands).toEqual([{ do: 'execute', id: id(1) }]);
    }
    const { commands } = outbox.step({ type: 'outcome', id: id(1), outcome: done() }, nowMs);
    expect(commands).toEqual([{ do: 'conclude', id: id(1), reported: ['a'] }]);
  });

  it('does not keep others back while nobody can tell of it', () => {
    const outbox = new Outbox();
    outbox.step({ type: 'earlier', id: id(1), parcel }, 0);
    const { wakeAtMs = Number.NaN } = outbox.step({ type: 'outcome', id: id(1), outcome: unknown() }, 0);
    outbox.step({ type: 'report', report: result('b') }, 1);
    const { commands } = outbox.step({ type: 'tick' }, wakeAtMs);
    expect(commands).toEqual([
      { do: 'execute', id: id(1) },
      { do: 'sign', parcel: { run: 'run', reports: [result('b')] } },
    ]);
  });

  it('that was refused is followed by one try at a time, with growing pauses, until one is taken', () => {
    const outbox = new Outbox();
    for (let n = 0; n < 40; n += 1) outbox.step({ type: 'report', report: result(`t${n}`) }, 0);
    let plan = outbox.step({ type: 'tick' }, 20);
    expect(plan.commands.length).toBeGreaterThan(2);
    let ids = 0;
    let nowMs = 20;
    const signed = plan.commands.flatMap((command) => (command.do === 'sign' ? [command.parcel] : []));
    const refuse = (parcel: Parcel) => {
      ids += 1;
      outbox.step({ type: 'signed', id: id(ids), parcel }, nowMs);
      const complaints = outbox.step({ type: 'outcome', id: id(ids), outcome: refused('INVALID_TOPIC_ID') }, nowMs);
      plan = outbox.step({ type: 'concluded', id: id(ids) }, nowMs);
      return complaints.commands.filter(({ do: what }) => what === 'complain').length;
    };
    expect(signed.map(refuse).reduce((sum, said) => sum + said)).toBe(1);
    const pauses: number[] = [];
    for (let n = 0; n < 8; n += 1) {
      const { wakeAtMs = Number.NaN } = plan;
      pauses.push(wakeAtMs - nowMs);
      nowMs = wakeAtMs;
      const { commands } = outbox.step({ type: 'tick' }, nowMs);
      expect(commands).toMatchObject([{ do: 'sign' }]);
      for (const command of commands) if (command.do === 'sign') expect(refuse(command.parcel)).toBe(1);
    }
    expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    expect(outbox.pending).toBe(40);
  });

  it('with notes of starts alone is not waited for when nobody can tell', () => {
    const outbox = new Outbox();
    outbox.step({ type: 'report', report: started('a') }, 0);
    const sent = outbox.step({ type: 'tick' }, 100).commands;
    expect(sent).toMatchObject([{ do: 'sign' }]);
    outbox.step({ type: 'signed', id: id(1), parcel: { run: 'run', reports: [started('a')] } }, 20);
    outbox.step({ type: 'outcome', id: id(1), outcome: unknown() }, 20);
    outbox.step({ type: 'concluded', id: id(1) }, 20);
    expect(outbox.pending).toBe(0);
  });
});
