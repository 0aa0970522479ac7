import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { reportDocument } from '@gatepost/coordinator/core/report/document';
import { messageTransaction } from '@gatepost/shared/hedera/topics';
import { send } from '@gatepost/shared/hedera/transaction';
import { packRecords } from '@gatepost/shared/records/codec';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callHere } from './support/call-here.js';
import { CoordinatorProcess, type Ended } from './support/coordinator-process.js';
import { Lane, TestLedger } from './support/stage.js';

const LONG = 'x'.repeat(3_000);

let ledger: TestLedger;
let lane: Lane;
let coordinator: CoordinatorProcess;
let run: string;
let events: readonly Record<string, unknown>[];

/** A command as anybody could give it: with the network's addresses and the configuration, without a key. */
const look = (...args: readonly string[]): Promise<Ended> => callHere(lane.environment, ...args, ...coordinator.config);

const jsonLines = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

beforeAll(async () => {
  ledger = await TestLedger.start();
  lane = await Lane.open(ledger, {
    // It takes longer than the news of a start waits for the end.
    echo: { command: ['sh', '-c', `sleep 0.3; printf '::progress 0.5 half\\nlooked at it\\n' >&2; printf '${LONG}'`] },
    fails: { command: ['sh', '-c', "cat >/dev/null; printf 'no luck\\n' >&2; exit 3"] },
  });
  coordinator = new CoordinatorProcess(lane);
  const plan = join(lane.directory, 'plan.json');
  const tasks = [
    { id: 'a', type: 'echo', price: 5, gate: 'none' },
    { id: 'b', type: 'fails', price: 5, attempts: 1, gate: 'none' },
    { id: 'c', type: 'echo', depends_on: ['b'], gate: 'none' },
  ];
  writeFileSync(plan, JSON.stringify({ name: '=1+1', sequences: [{ id: 's', tasks }] }));
  const { output } = await coordinator.command('run', plan, '--json', ...coordinator.config);
  events = jsonLines(output.slice(0, output.lastIndexOf('}\n') + 2));
  run = String(events[0]?.run);
}, 120_000);

afterAll(async () => {
  await lane.close();
  await ledger.close();
});

describe('what happened is found out without a key', () => {
  it('each is a command that needs nothing else', async () => {
    const { code, output } = await coordinator.commandWithoutKey({}, 'output', 'a', ...coordinator.config);
    expect([code, output]).toEqual([0, LONG]);
  });

  it('runs: list, state, dates and cost', async () => {
    const { code, output } = await look('runs');
    expect(code, output).toBe(0);
    expect(output).toMatch(new RegExp(`${run}.*failed.*20\\d\\d-.*1 of 3.* 5 .*\\$0\\.\\d+`));
    const [row] = JSON.parse((await look('runs', '--json')).output) as Record<string, unknown>[];
    expect(row).toMatchObject({ run, state: 'failed', tasks: 3, accepted: 1, tokens: '5' });
    expect(Date.parse(String(row?.closed))).toBeGreaterThan(Date.parse(String(row?.opened)));
    expect(row?.usd).toBeGreaterThan(0);
  });

  it('runs --csv gives a header and a row, and no formula to a spreadsheet', async () => {
    const { output } = await look('runs', '--csv');
    const [head, row] = output.split('\n');
    expect(head).toBe('run,plan,name,state,opened,closed,tasks,accepted,tokens,tinybar,usd');
    expect(row).toContain(`${run},`);
    expect(row).toContain(",'=1+1,failed,");
  });

  it('runs --since leaves out what was over by then, and says what a time looks like', async () => {
    expect((await look('runs', '--since', '1h')).output).toContain(run);
    expect((await look('runs', '--since', '2199-01-01', '--json')).output.trim()).toBe('[]');
    const bad = await look('runs', '--since', 'yesterday');
    expect(bad).toMatchObject({ code: 2, output: expect.stringContaining('7d') });
  });

  it('report --json: the whole of it, in its documented form, with outputs and what verify finds', async () => {
    const { code, output } = await look('report', '--json');
    expect(code, output.slice(0, 500)).toBe(0);
    const document = reportDocument.parse(JSON.parse(output));
    const [told] = document.runs;
    expect(told).toMatchObject({ run, name: '=1+1', plan_known: true, outcome: 'failed', accepted: 1, task_count: 3 });
    expect(told?.tasks.map(({ id, status }) => `${id} ${status}`)).toEqual(['a paid', 'b failed', 'c blocked']);
    expect(told?.tasks[0]?.attempts[0]?.result?.output).toMatchObject({ size: 3_000, shown: 'whole', text: LONG });
    expect(told?.tasks.map(({ attempts }) => attempts.map(({ log }) => log))).toEqual([
      ['half\nlooked at it'],
      ['no luck'],
      [],
    ]);
    expect(told?.tasks[2]?.why[0]).toContain('blocked');
    expect(document.agents[0]).toMatchObject({ life: 'online', lease_until: expect.stringMatching(/^20.*Z$/) });
    expect(document.verification).toMatchObject({ holds: true, findings: [] });
    expect(JSON.parse((await look('report', '--json', '--since', '2199-01-01')).output).runs).toEqual([]);
    expect(await look('report', '--json', '--run', 'none')).toMatchObject({
      code: 1,
      output: expect.stringContaining('no run none'),
    });
  });

  it('report --html: the same as a page, and how it is wanted has to be said', async () => {
    const file = join(lane.directory, 'told.html');
    expect(await look('report', '--html', file)).toMatchObject({ code: 0, output: `wrote ${file}\n` });
    const page = readFileSync(file, 'utf8');
    expect(page).toContain("default-src 'none'; script-src 'sha256-");
    const data = /<script type="application\/json" id="report">([^<]*)<\/script>/.exec(page)?.[1] ?? '';
    expect(reportDocument.parse(JSON.parse(data)).runs[0]).toMatchObject({ run, accepted: 1 });
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
    for (const words of [[], ['--html', '--json']]) {
      expect(await look('report', ...words)).toMatchObject({
        code: 2,
        output: expect.stringContaining('--html [file]'),
      });
    }
    const nowhere = await look('report', '--html', join(lane.directory, 'no/where.html'));
    expect(nowhere).toMatchObject({ code: 2, output: expect.stringContaining('cannot write') });
  });

  it('status --state shows those tasks alone, and the real time', async () => {
    const { output } = await look('status', '--state', 'failed', '--json');
    const [seen] = jsonLines(output) as [{ tasks: { task: string }[]; totals: { seconds: number; tasks: number } }];
    expect(seen.tasks.map(({ task }) => task)).toEqual(['b']);
    expect(seen.totals.tasks).toBe(3);
    const summary = events.at(-1) as { totals: { seconds: number } };
    expect(seen.totals.seconds).toBeGreaterThan(0);
    expect(seen.totals.seconds).toBeLessThanOrEqual(summary.totals.seconds + 1);
    expect(await look('status', '--state', 'lost')).toMatchObject({
      code: 2,
      output: expect.stringContaining('blocked'),
    });
  });

  it('output prints the bytes, and says where they may be when they are not here', async () => {
    expect((await look('output', 'a')).output).toBe(LONG);
    expect(await look('output', 'b')).toMatchObject({ code: 1, output: expect.stringContaining('no attempt of b') });
    expect(await look('output', 'x')).toMatchObject({ code: 1, output: expect.stringContaining('no task x') });
    rmSync(join(lane.directory, 'state/outputs'), { recursive: true });
    const gone = await look('output', 'a');
    expect(gone.code).toBe(1);
    expect(gone.output).toContain('3000 bytes with SHA-256');
    expect(gone.output).toContain('COORDINATOR_PRIVATE_KEY it is fetched from there');
  });

  it('logs prints what the executors wrote', async () => {
    const { output } = await look('logs', 'b');
    expect(output).toMatch(/^20\S+Z {2}#1 {2}0\.0\.\d+ {2}no luck$/m);
    const lines = jsonLines((await look('logs', 'a', '--json', '--follow')).output);
    expect(lines.map(({ line }) => line)).toEqual(['half', 'looked at it']);
    expect(lines[0]).toMatchObject({ fraction: 0.5, attempt: 1, task: 'a' });
    expect(await look('logs', 'c')).toMatchObject({ code: 1, output: expect.stringContaining('nothing is kept here') });
  });

  it('journal prints every message with its author, time and sequence number', async () => {
    const messages = jsonLines((await look('journal', '--json')).output);
    expect(messages.map(({ sequence }) => sequence)).toEqual(messages.map((_, index) => index + 1));
    const types = messages.flatMap(({ records }) => (records as { type: string }[]).map(({ type }) => type));
    expect(types).toEqual(expect.arrayContaining(['online', 'epoch', 'run_opened', 'started', 'result', 'settled']));
    const { account } = lane.coordinator.connection;
    expect(messages.find(({ records }) => JSON.stringify(records).includes('run_opened'))?.author).toBe(account);
    const { output } = await look('journal');
    expect(output).toMatch(new RegExp(`^\\d+ {2}20\\S+Z {2}${account.replaceAll('.', '\\.')} {2}${run}$`, 'm'));
    expect(output).toMatch(/^ {2}run_closed outcome=failed/m);
  });

  it('journal of a topic that is not there ends with an error', async () => {
    const { code, output } = await callHere(lane.environment, 'journal', '--journal', '0.0.999999');
    expect(code).toBe(1);
    expect(output).toContain('404');
  });

  it.each([['status'], ['explain', 'b'], ['agents'], ['verify'], ['bill']])('%s', async (...args) => {
    const { code, output } = await look(...args);
    expect(code, output).toBe(0);
    expect(output).not.toBe('');
  });

  it('bill gives each task the fees of all its records, its payment included', async () => {
    const bill = JSON.parse((await look('bill', '--json')).output) as {
      readonly tasks: readonly { readonly task: string; readonly tinybar: string }[];
      readonly kinds: readonly { readonly name: string; readonly tinybar: string }[];
    };
    const of = (task: string) => Number(bill.tasks.find((one) => one.task === task)?.tinybar);
    const batches = Number(bill.kinds.find(({ name }) => name === 'ATOMICBATCH')?.tinybar);
    expect(batches).toBeGreaterThan(0);
    // Of the two that were tried, one was paid.
    expect(of('a') - of('b')).toBeGreaterThanOrEqual(batches);
  });

  it('verify without a journal and without a configuration says what to name', async () => {
    const { code, output } = await callHere(lane.environment, 'verify', '--config', 'nowhere.yaml');
    expect(code).toBe(2);
    expect(output).toContain('--journal 0.0.x');
  });
});

describe('on a public network ids come with the address of their page', () => {
  const PUBLIC = { GATEPOST_NETWORK: 'testnet' };
  it.each([
    [['status'], 'topic'],
    [['status'], 'token'],
    [['status'], 'transaction'],
    [['explain', 'a'], 'transaction'],
    [['agents'], 'account'],
    [['runs'], 'topic'],
    [['journal'], 'account'],
    [['verify'], 'topic'],
    [['bill'], 'account'],
  ] as const)('%s: %s', async (args, kind) => {
    const { output } = await callHere({ ...lane.environment, ...PUBLIC }, ...args, ...coordinator.config);
    expect(output).toMatch(new RegExp(`https://hashscan\\.io/testnet/${kind}/0\\.0\\.\\d+`));
    expect((await look(...args)).output).not.toContain('hashscan');
  });
});

describe('events of run --json', () => {
  it('say when, of which run, and in which form', () => {
    for (const event of events) {
      expect(event, JSON.stringify(event)).toMatchObject({ version: 1, run });
      expect(Math.abs(Date.parse(String(event.time)) - Date.now())).toBeLessThan(300_000);
    }
  });

  it('never tell of progress before the start', () => {
    const ofA = events.filter(({ task }) => task === 'a').map(({ event }) => event);
    expect(ofA.indexOf('progress')).toBeGreaterThan(ofA.indexOf('started'));
    expect(ofA.indexOf('started')).toBeGreaterThanOrEqual(0);
  });
});

it('what is kept of a task is bounded, and says where it ends', async () => {
  const { AttemptLogs, keptLines } = await import('@gatepost/coordinator/shell/reports/attempt-logs');
  const { pino } = await import('pino');
  const logs = new AttemptLogs(lane.directory, 'long', pino({ level: 'silent' }));
  const [agent] = lane.agents.map(({ connection }) => connection.account);
  if (agent === undefined) throw new Error('no agent');
  for (let n = 0; n < 1_200; n += 1) logs.add({ atMs: n, task: 't', attempt: 1, agent, line: 'y'.repeat(1_000) });
  const kept = keptLines(lane.directory, 'long', 't') ?? [];
  expect(kept.length).toBeGreaterThan(900);
  expect(kept.length).toBeLessThan(1_100);
  expect(kept.at(-1)?.line).toContain('not kept');
  expect(readFileSync(join(lane.directory, 'logs/long/t.jsonl')).length).toBeLessThan(1_100_000);
});

describe('an output that is not on this host', () => {
  const fetched = () => {
    rmSync(join(lane.directory, 'state/outputs'), { recursive: true, force: true });
    return coordinator.command('output', 'a', ...coordinator.config);
  };

  it('is fetched from its agent with the key of the coordinator', async () => {
    expect(await fetched()).toMatchObject({ code: 0, output: LONG });
  });

  it('is not fetched while a coordinator is at work, which has the session', async () => {
    const { connection } = lane.coordinator;
    const say = async (epoch: number, state: 'begun' | 'ended') => {
      const record = { type: 'epoch', epoch, instance: 'i', host: '0123456789abcdef', pid: 1, state } as const;
      for (const message of packRecords(undefined, [record])) {
        await send(connection, messageTransaction(lane.journal, message));
      }
    };
    await say(99, 'begun');
    await shown('begun');
    expect(await fetched()).toMatchObject({ code: 1, output: expect.stringContaining('A coordinator is at work') });
    await say(99, 'ended');
    await shown('ended');
    expect((await fetched()).code).toBe(0);
  });

  it('is not to be had from an agent that does not answer, and which one is said', async () => {
    await lane.killAgents();
    const { code, output } = await fetched();
    expect(code).toBe(1);
    expect(output).toMatch(/0\.0\.\d+, which has the output, does not answer at 127\.0\.0\.1:\d+/);
    expect(output).toContain('Check that the daemon runs');
  });

  async function shown(state: string): Promise<void> {
    const isShown = ({ type, ...record }: AnyRecord) => type === 'epoch' && 'epoch' in record && record.epoch === 99;
    for (;;) {
      const last = (await lane.records(undefined)).filter(isShown).at(-1);
      if (last !== undefined && 'state' in last && last.state === state) return;
    }
  }
});
