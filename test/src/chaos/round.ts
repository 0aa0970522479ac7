import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeExit, runCommand } from 'gatepost/stage/command';
import { checkRun, type Findings, type Violation } from '../check/check-run.js';
import { MirrorTruth } from '../check/mirror-truth.js';
import { Actor, type OwnEnd } from './actor.js';
import { apply, heal, type Target } from './apply.js';
import { describeFault, makeSchedule, type Planned } from './faults.js';
import { makePlan } from './plan.js';
import { Random } from './random.js';
import { partiesOf, type World } from './world.js';

/** How long a run may take once nothing goes wrong any more; after a take-over nothing is paid for 75 s. */
const END_MS = 300_000;
/** Pause before a coordinator that did not get to its start is started again. */
const REVIVE_MS = 500;

/** No fault of a schedule lasts longer; a coordinator that was taken over from may take longer to end. */
const LONGEST_FAULT_MS = 8_000;

/** What a round came to. */
export interface RoundReport {
  readonly seed: number;
  readonly faults: readonly string[];
  readonly findings: Findings;
  readonly violations: readonly Violation<string>[];
  /** What was unusual and is no violation. */
  readonly notes: readonly string[];
  readonly seconds: number;
}

/** What a coordinator printed last about its run; undefined when it did not get there. */
function outcomeOf(lines: readonly string[]): string | undefined {
  const last = lines.at(-1);
  if (last === undefined || !last.startsWith('{')) return undefined;
  const { event, outcome } = JSON.parse(last) as { event?: string; outcome?: string };
  return event === 'summary' ? outcome : undefined;
}

const CLOSED: ReadonlySet<string | undefined> = new Set(['complete', 'failed', 'cancelled']);
const MAY_NOT_START: ReadonlySet<number | undefined> = new Set([1, 2]);
const hasBegun = (lines: readonly string[]) => lines.some((line) => line.includes('"event":"run"'));
const hasServed = (lines: readonly string[]) => lines.some((line) => line.includes('"event":"ready"'));

/** One round in a world: a plan, faults at the moments that the seed decides, and what the mirror shows afterwards. */
class Round {
  readonly violations: Violation<string>[] = [];
  readonly notes: string[] = [];
  readonly coordinator: Actor;
  readonly over: Promise<void>;
  #end: () => void = () => undefined;
  #isOver = false;
  #hasTakeOver = false;

  constructor(
    readonly world: World,
    readonly planFile: string,
    readonly logFile: string,
  ) {
    this.over = new Promise((resolve) => {
      this.#end = () => {
        this.#isOver = true;
        resolve();
      };
    });
    this.coordinator = new Actor({
      start: (extra) => world.startCoordinator(planFile, logFile, extra),
      onOwnEnd: (end) => this.#coordinatorEnded(end),
    });
    world.onOwnEnd = (end) => this.#agentEnded(end);
  }

  report(rule: string, subject: string, found: string): void {
    this.violations.push({ rule, subject, found });
  }

  /**
   * It ends by itself when the run is closed. Before it began it may give up, while the network is away (code 1) or
   * another one lives (code 2); of two that take over at once one stops (code 1).
   */
  #coordinatorEnded({ process, exit }: OwnEnd): void {
    if (CLOSED.has(outcomeOf(process.lines))) {
      this.#end();
      return;
    }
    const begun = hasBegun(process.lines);
    const how = `${describeExit(exit)}, its run ${begun ? 'under way' : 'not begun'}`;
    const allowed = begun ? this.#hasTakeOver && exit.code === 1 : MAY_NOT_START.has(exit.code);
    if (allowed) this.notes.push(`coordinator ${how}`);
    else this.report('ended-by-itself', 'coordinator', how);
    void this.coordinator.revive(REVIVE_MS);
  }

  #agentEnded({ process, exit }: OwnEnd): void {
    const how = `${describeExit(exit)} ${hasServed(process.lines) ? 'while it served' : 'at its start'}`;
    if (exit.code === 1 && !hasServed(process.lines)) this.notes.push(`${process.name} ${how}`);
    else this.report('ended-by-itself', process.name, how);
  }

  /** Lets the faults happen while the run lasts, then heals everything and waits for the end. */
  async suffer(schedule: readonly Planned[]): Promise<void> {
    this.#hasTakeOver = schedule.some(({ fault }) => fault.kind === 'take-over');
    const target: Target = {
      world: this.world,
      coordinator: this.coordinator,
      onFenced: (exit) => {
        if (exit.code !== 0 && !MAY_NOT_START.has(exit.code))
          this.report('fenced-badly', 'coordinator', describeExit(exit));
      },
    };
    const ending = Promise.all(
      schedule.map(async ({ atMs, fault }) => {
        await Promise.race([sleep(atMs), this.over]);
        if (!this.#isOver) await apply(fault, target);
      }),
    );
    const lastMs = schedule.at(-1)?.atMs ?? 0;
    await Promise.race([ending, sleep(lastMs + LONGEST_FAULT_MS)]);
    await heal(this.world);
    await this.#within('run-goes-on', this.over, `the run does not end within ${END_MS / 1_000} s`);
    await this.#within('fenced-goes-on', ending, 'a coordinator that was taken over from does not end');
  }

  async #within(rule: string, what: Promise<unknown>, found: string): Promise<void> {
    const waiting = new AbortController();
    const late = sleep(END_MS, true, { signal: waiting.signal }).catch(() => false);
    const isLate = await Promise.race([what.then(() => false), late]);
    waiting.abort();
    if (isLate) this.report(rule, 'coordinator', found);
  }
}

/** `coordinator verify`, as anybody runs it. */
async function verify({ stage, network }: World, planFile: string) {
  const { code, stdout, stderr } = await runCommand(
    'coordinator',
    ['verify', '--journal', stage.journal, '--plan', planFile, '--json'],
    network.env,
  );
  return { holds: code === 0, said: `${stdout}${stderr}` };
}

interface VerifyReport {
  readonly findings: readonly { readonly rule: string; readonly subject: string; readonly message: string }[];
}

/** What verify found beside the digests of the plans of other rounds. */
function findingsOf(said: string): string {
  const { findings } = JSON.parse(said) as VerifyReport;
  return findings.map(({ rule, subject, message }) => `${rule} ${subject}: ${message}`).join('; ');
}

/** Writes what the topics hold beside the logs, one record a line: the network does not outlive its rounds. */
async function keepRecords({ stage, network, directory }: World, seed: number): Promise<void> {
  const truth = new MirrorTruth(network.mirrorRest);
  for (const [name, topic] of [['journal', stage.journal], ...stage.agents.map((one) => [one.name, one.inbox])]) {
    const records = await truth.records(topic ?? '');
    const lines = records.map((record) => JSON.stringify({ ...record, at: formatNanos(record.at) }));
    writeFileSync(join(directory, `${name}-records-${seed}.jsonl`), `${lines.join('\n')}\n`);
  }
}

const formatNanos = (at: bigint): string => new Date(Number(at / 1_000_000n)).toISOString();

/** Plays a round; never throws for what the product does. */
export async function playRound(world: World, seed: number): Promise<RoundReport> {
  const begun = performance.now();
  const random = new Random(seed);
  const plan = makePlan(random.fork(), `chaos-${seed}`);
  const schedule = makeSchedule(random.fork());
  const planText = JSON.stringify(plan, undefined, 1);
  const planFile = join(world.directory, `plan-${seed}.json`);
  writeFileSync(planFile, planText);
  const round = new Round(world, planFile, join(world.directory, `coordinator-${seed}.log`));
  round.coordinator.begin();
  await round.suffer(schedule);
  await round.coordinator.close();

  const findings = await checkRun(world.network.mirrorRest, partiesOf(world), planText);
  const verified = await verify(world, planFile);
  if (verified.holds !== (findings.violations.length === 0)) {
    const said = verified.holds ? 'verify finds nothing' : `verify: ${findingsOf(verified.said)}`;
    round.report('verify-disagrees', plan.name, said);
  }
  const violations = [...findings.violations, ...round.violations];
  if (violations.length > 0) await keepRecords(world, seed);
  return {
    seed,
    faults: schedule.map(({ atMs, fault }) => `${atMs} ms ${describeFault(fault)}`),
    findings,
    violations,
    notes: round.notes,
    seconds: Math.round((performance.now() - begun) / 100) / 10,
  };
}
