import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { addToken } from '@gatepost/coordinator/shell/service/tokens';
import { type RunningCommand, runCommand, startCommand } from 'gatepost/stage/command';
import { startEmbeddedNetwork } from 'gatepost/stage/network';
import { openStage, type Stage } from 'gatepost/stage/stage';
import { Random } from '../chaos/random.js';
import { freePort } from '../stage/wire.js';
import { type Acknowledged, ask, submitUntilAcknowledged } from './submitter.js';

export interface KillOptions {
  readonly rounds: number;
  readonly seed: number;
  readonly directory: string;
  readonly say: (line: string) => void;
}

/** What came of it; `violations` is empty when everything held. */
export interface KillReport {
  readonly kills: number;
  readonly submissions: number;
  /** Submissions whose first acknowledgement was lost with the process. */
  readonly takenBefore: number;
  readonly violations: readonly string[];
}

const EXECUTORS = 'echo: { command: [cat] }\n';
/** Tasks of each plan, and what each pays. */
const TASKS = 3;
const PRICE = 2;
/**
 * How long after it serves the kills come: while it answers what has been waiting for it, while it works, or as late as
 * payments need after a restart; and their shares.
 */
const ANSWERING_MS = 250;
const SOON_MS = 3_000;
const LATE_MS = 20_000;
const ANSWERING_SHARE = 0.5;
const LATE_SHARE = 0.1;
const SETTLED_WITHIN_MS = 600_000;

const planOf = (number: number): string =>
  JSON.stringify({
    name: `killed-${number}`,
    sequences: [
      {
        id: 's',
        tasks: Array.from({ length: TASKS }, (_, at) => ({
          id: `t${at + 1}`,
          type: 'echo',
          price: PRICE,
          gate: 'none',
          input: at,
        })),
      },
    ],
  });

/** A service on a fixed port that is killed and started again. */
class Killed {
  constructor(
    private readonly stage: Stage,
    readonly http: string,
    private readonly logFile: string,
  ) {}

  async start(): Promise<RunningCommand> {
    const { configFile, env } = this.stage.coordinator;
    const service = startCommand('coordinator', ['serve', '--config', configFile, '--json'], {
      name: 'coordinator serve',
      env,
      logFile: this.logFile,
    });
    await service.ready;
    return service;
  }
}

/** Kills a service at seeded moments while plans come in, lets it finish, and looks whether anything was lost or done twice. */
export async function killRounds({ rounds, seed, directory, say }: KillOptions): Promise<KillReport> {
  const random = new Random(seed);
  const network = await startEmbeddedNetwork(directory);
  const executors = join(directory, 'executors.yaml');
  writeFileSync(executors, EXECUTORS);
  const agents = ['agent-1', 'agent-2'].map((name) => ({ name, executors }));
  const stage = await openStage({ network, directory, agents });
  try {
    const [http, grpc] = [await freePort(), await freePort()];
    const { configFile } = stage.coordinator;
    appendFileSync(
      configFile,
      `limits: { settle_within: 500ms, payment_window: 15s }\nserve: { http: "127.0.0.1:${http}", grpc: "127.0.0.1:${grpc}" }\n`,
    );
    const token = addToken(join(directory, 'tokens.yaml'), 'killer', ['admin']);
    const killed = new Killed(stage, `http://127.0.0.1:${http}`, join(directory, 'serve.log'));
    // One for each kill, some in the same round; each is sent until it is acknowledged, also while nothing serves.
    const begins = Array.from({ length: rounds }, () => random.whole(1, rounds));
    const submissions: Promise<Acknowledged>[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      for (const [number, begin] of begins.entries()) {
        if (begin !== round) continue;
        submissions.push(submitUntilAcknowledged(killed.http, token, `key-${number}`, planOf(number)));
      }
      const afterMs = random.whole(0, momentWithin(random.fraction()));
      const service = await killed.start();
      await sleep(afterMs);
      service.kill('SIGKILL');
      await service.exited;
      say(`kill ${round} of ${rounds}, ${afterMs} ms after it served`);
    }
    const last = await killed.start();
    const acknowledged = await Promise.all(submissions);
    const violations = await unfinished(killed.http, token, acknowledged);
    await last.stop();
    violations.push(...(await wrongOnTheLedger(stage, directory, acknowledged)));
    const takenBefore = acknowledged.filter(({ wasTakenBefore }) => wasTakenBefore).length;
    return { kills: rounds, submissions: acknowledged.length, takenBefore, violations };
  } finally {
    await stage.close();
    await network.close();
  }
}

const momentWithin = (chance: number): number =>
  chance < ANSWERING_SHARE ? ANSWERING_MS : chance < 1 - LATE_SHARE ? SOON_MS : LATE_MS;

interface Listed {
  readonly run: string;
  readonly name: string;
  readonly state: string;
  readonly outcome?: string;
}

/** Waits until every acknowledged run is closed; what is not complete then. */
async function unfinished(http: string, token: string, acknowledged: readonly Acknowledged[]): Promise<string[]> {
  const runs = new Set(acknowledged.map(({ run }) => run));
  const violations = runs.size === acknowledged.length ? [] : ['two submissions were given one run'];
  let listed: readonly Listed[] = [];
  for (const endMs = Date.now() + SETTLED_WITHIN_MS; Date.now() < endMs; await sleep(500)) {
    const answer = await ask(`${http}/v1/runs?limit=500`, { headers: { authorization: `Bearer ${token}` } });
    listed = (answer?.body as { runs?: readonly Listed[] } | undefined)?.runs ?? listed;
    if (listed.length >= runs.size && listed.every(({ state }) => state === 'closed')) break;
  }
  for (const run of runs) {
    const line = listed.find((one) => one.run === run);
    if (line === undefined) violations.push(`${run} was acknowledged and is lost`);
    else if (line.outcome !== 'complete') violations.push(`${run} is ${line.outcome ?? line.state}`);
  }
  for (const { run } of listed) if (!runs.has(run)) violations.push(`${run} was done and belongs to no submission`);
  return violations;
}

interface Verified {
  readonly holds: boolean;
  readonly runs: readonly { run: string; name: string; accepted: number; payments: number; paid: string }[];
  readonly findings: readonly { rule: string; subject: string; message: string }[];
}

/** What the public ledger says: each plan in one run, each task paid once, and every rule of verify. */
async function wrongOnTheLedger(
  stage: Stage,
  directory: string,
  acknowledged: readonly Acknowledged[],
): Promise<string[]> {
  const { stdout, stderr } = await runCommand(
    'coordinator',
    ['verify', '--journal', stage.journal, '--json'],
    stage.network.env,
  );
  if (stdout === '') return [`verify told nothing: ${stderr}`];
  const { runs, findings } = JSON.parse(stdout) as Verified;
  const violations = findings.map(({ rule, subject, message }) => `${rule} ${subject}: ${message}`);
  const names = new Set(runs.map(({ name }) => name));
  if (names.size !== runs.length || runs.length !== acknowledged.length) {
    violations.push(
      `${acknowledged.length} plans were acknowledged, ${runs.length} runs of ${names.size} plans are on the journal`,
    );
  }
  for (const { run, accepted, payments, paid } of runs) {
    if (accepted === TASKS && payments === TASKS && paid === `${TASKS * PRICE}`) continue;
    violations.push(`${run}: ${accepted} accepted, ${payments} payments, ${paid} paid; ${TASKS} tasks at ${PRICE}`);
  }
  const book = readFileSync(join(directory, 'state/service/submissions.jsonl'), 'utf8').trim().split('\n');
  if (book.length !== acknowledged.length)
    violations.push(`the book has ${book.length} of ${acknowledged.length} submissions`);
  return violations;
}
