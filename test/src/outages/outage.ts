import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeExit, type RunningCommand, runCommand } from 'gatepost/stage/command';
import { PARTIES, SERVERS, type Server } from '../chaos/faults.js';
import { partiesOf, type World } from '../chaos/world.js';
import { checkRun, type Violation } from '../check/check-run.js';

/** What is away for everybody, and what the coordinator then says that it waits for. */
export const AWAY = {
  node: { servers: ['node'], waitsFor: ['the network'] },
  mirror: { servers: ['mirror-grpc', 'mirror-rest'], waitsFor: ['the mirror'] },
  both: { servers: SERVERS, waitsFor: ['the network', 'the mirror'] },
} as const satisfies Record<string, { readonly servers: readonly Server[]; readonly waitsFor: readonly string[] }>;
export type Away = keyof typeof AWAY;

/** A line in which a coordinator said what it waits for. */
interface Said {
  /** Milliseconds after the outage began. */
  readonly atMs: number;
  readonly for: string;
  readonly since: string;
}

/** What a run did while something was away. */
export interface OutageReport {
  readonly away: Away;
  readonly awayMs: number;
  readonly said: readonly Said[];
  /** From the end of the outage to the end of the run. */
  readonly recoveryMs: number;
  readonly violations: readonly Violation<string>[];
}

/** How often a wait is said, and how much later a busy machine may say it. */
const SAY_EVERY_MS = 30_000;
const SLACK_MS = 15_000;
/** A run that goes on ends within this of the outage's end: a payment's window, and the mirror's patience. */
const RECOVERY_MS = 300_000;
const START_MS = 60_000;
const POLL_MS = 100;

/** The gate takes a second, so that a verdict is due just after the result that the outage begins with. */
const GATE = { command: ['sh', '-c', 'sleep 1; grep -q \'"good":true\''] };
const taskOf = (id: string, ms: number, before: readonly string[]) => ({
  id,
  type: 'steady',
  input: { ms, size: 0, trouble: 'none', of: id },
  price: 10,
  deadline: '30m',
  attempts: 5,
  depends_on: before,
  gate: GATE,
});
const planOf = (name: string) => ({
  name,
  sequences: [{ id: 'only', tasks: [taskOf('a', 200, []), taskOf('b', 1_500, []), taskOf('c', 200, ['a', 'b'])] }],
});

/** Reads a coordinator's lines as they come. */
class Listener {
  readonly said: Said[] = [];
  #read = 0;
  sawResult = false;

  constructor(readonly process: RunningCommand) {}

  listen(sinceMs: number | undefined): void {
    const lines = this.process.lines.slice(this.#read);
    this.#read += lines.length;
    for (const line of lines) {
      const event = JSON.parse(line) as { event: string; for?: string; since?: string };
      if (event.event === 'result') this.sawResult = true;
      if (event.event !== 'waiting' || sinceMs === undefined) continue;
      const atMs = Math.round(performance.now() - sinceMs);
      this.said.push({ atMs, for: String(event.for), since: String(event.since) });
    }
  }

  /** Listens until something holds, the process ends or the time is over; whether it held. */
  async until(holds: () => boolean, forMs: number, sinceMs?: number): Promise<boolean> {
    let isOver = false;
    const over = this.process.exited.then(() => {
      isOver = true;
    });
    const end = performance.now() + forMs;
    for (;;) {
      this.listen(sinceMs);
      if (holds()) return true;
      if (isOver || performance.now() > end) return false;
      await Promise.race([over, sleep(POLL_MS)]);
    }
  }
}

type Report = (rule: string, found: string) => void;

/** Every half minute it is said what is waited for, and since when. */
function checkSaid(away: Away, awayMs: number, said: readonly Said[], report: Report): void {
  const { waitsFor } = AWAY[away];
  const right = said.filter((one) => waitsFor.some((whom) => whom === one.for) && !Number.isNaN(Date.parse(one.since)));
  const times = [0, ...right.filter(({ atMs }) => atMs < awayMs).map(({ atMs }) => atMs), awayMs];
  for (const [at, time] of times.entries()) {
    const silentMs = time - (times[at - 1] ?? 0);
    if (silentMs > SAY_EVERY_MS + SLACK_MS) {
      report('waits-silently', `nothing was said for ${Math.round(silentMs / 1_000)} s up to ${time} ms`);
    }
  }
}

/** Takes something away from everybody in the middle of a run, and looks at what becomes of the run. */
export async function sufferOutage(world: World, away: Away, awayMs: number): Promise<OutageReport> {
  const name = `outage-${away}-${awayMs}`;
  const violations: Violation<string>[] = [];
  const report: Report = (rule, found) => void violations.push({ rule, subject: name, found });
  world.onOwnEnd = ({ process, exit }) => report('ended-by-itself', `${process.name} ${describeExit(exit)}`);
  const planText = JSON.stringify(planOf(name));
  const planFile = join(world.directory, `${name}.json`);
  writeFileSync(planFile, planText);
  const process = world.startCoordinator(planFile, join(world.directory, `${name}.log`), []);
  const listener = new Listener(process);
  if (!(await listener.until(() => listener.sawResult, START_MS))) report('does-not-start', 'no result came');

  const wires = PARTIES.flatMap((party) => AWAY[away].servers.map((server) => world.wires.get(`${party}/${server}`)));
  for (const wire of wires) wire?.cut();
  const begunMs = performance.now();
  await listener.until(() => performance.now() - begunMs >= awayMs, awayMs, begunMs);
  for (const wire of wires) wire?.restore();
  const backMs = performance.now();
  let hasEnded = false;
  void process.exited.then(() => {
    hasEnded = true;
  });
  if (!(await listener.until(() => hasEnded, RECOVERY_MS, begunMs))) {
    report('does-not-go-on', `the run is not over ${RECOVERY_MS / 1_000} s after the end of the outage`);
  }
  const recoveryMs = Math.round(performance.now() - backMs);
  const exit = await process.stop();
  if (exit.code !== 0) report('ended-badly', describeExit(exit));
  checkSaid(away, awayMs, listener.said, report);
  const findings = await checkRun(world.network.mirrorRest, partiesOf(world), planText);
  const verify = ['verify', '--journal', world.stage.journal, '--plan', planFile];
  const verified = await runCommand('coordinator', verify, world.network.env);
  if (verified.code !== 0) report('verify', verified.stdout + verified.stderr);
  return { away, awayMs, said: listener.said, recoveryMs, violations: [...violations, ...findings.violations] };
}
