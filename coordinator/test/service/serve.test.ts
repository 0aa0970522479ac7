import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROLES } from '@gatepost/coordinator/core/service/roles';
import { addToken } from '@gatepost/coordinator/shell/service/tokens';
import {
  CoordinatorServiceClient,
  type GetResponse,
  type ListResponse,
  type OutputResponse,
  RunStatus,
  type SubmitResponse,
  type WatchResponse,
} from '@gatepost/proto/gen/gatepost/coordinator/v1/coordinator';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import { credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { reflectionClient } from '../../../local-ledger/test/reflection-client.js';
import { CoordinatorProcess } from '../support/coordinator-process.js';
import { Serving } from '../support/serving.js';
import { Lane, TestLedger } from '../support/stage.js';

let ledger: TestLedger;
let lane: Lane;
let coordinator: CoordinatorProcess;
let serving: Serving;
/** By role. */
const tokens: Record<string, string> = {};

const planOf = (name: string, ...gates: string[]): string =>
  JSON.stringify({
    name,
    sequences: [{ id: 's', tasks: gates.map((gate, at) => ({ id: `t${at + 1}`, type: 'echo', price: 5, gate })) }],
  });

const submit = (token: string | undefined, key: string, plan: string, query = '') =>
  serving.ask(`/v1/runs${query}`, token, { method: 'POST', body: plan, headers: { 'idempotency-key': key } });

const post = (path: string, token: string | undefined, body: object) =>
  serving.ask(path, token, { method: 'POST', body: JSON.stringify(body) });

beforeAll(async () => {
  ledger = await TestLedger.start();
  lane = await Lane.open(ledger, { echo: { command: ['cat'] } });
  coordinator = new CoordinatorProcess(lane, '15s', {
    serve: { http: '127.0.0.1:0', grpc: '127.0.0.1:0', requests_per_minute: 100_000 },
  });
  for (const role of ROLES) tokens[role] = addToken(join(lane.directory, 'tokens.yaml'), `${role}er`, [role]);
  serving = await Serving.start(coordinator);
}, 120_000);

afterAll(async () => {
  if (serving !== undefined) expect(await serving.stop(), serving.log).toBe(0);
  await lane?.close();
  await ledger?.close();
}, 120_000);

describe('a coordinator that serves', { timeout: 60_000 }, () => {
  let run: string;

  it('takes a plan once, whatever is sent again', async () => {
    expect((await serving.ask('/v1/report', tokens.read)).status).toBe(404);
    const first = await submit(tokens.submit, 'k1', planOf('served', 'none', 'human'));
    expect(first).toMatchObject({ status: 201, body: { name: 'served', is_new: true } });
    run = (first.body as { run: string }).run;
    const again = await submit(tokens.submit, 'k1', planOf('served', 'none', 'human'));
    expect(again).toMatchObject({ status: 200, body: { run, is_new: false } });
    const other = await submit(tokens.submit, 'k1', planOf('other', 'none'));
    expect(other).toMatchObject({ status: 409, body: { error: { code: 'KEY_REUSED' } } });
  });

  it('tells what happens, from any cursor on', async () => {
    const isAsked = ({ event, task }: { event: string; task?: string }) => event === 'result' && task === 't2';
    const seen = await serving.events(tokens.read ?? '', `?run=${run}&cursor=${await before()}`, isAsked);
    expect(seen[0]).toMatchObject({ event: 'hello' });
    const from = seen.at(2)?.cursor;
    const rest = await serving.events(tokens.read ?? '', `?run=${run}&cursor=${from}`, isAsked);
    expect(rest.slice(1)).toEqual(seen.slice(3));
    const [lost] = await serving.events(tokens.read ?? '', '?cursor=another.3', () => true);
    expect(lost).toMatchObject({ event: 'reset' });
  });

  /** A cursor before everything that this process has told. */
  async function before(): Promise<string> {
    const [hello] = await serving.events(tokens.read ?? '', '', () => true);
    return (hello?.cursor ?? '').replace(/\.\d+$/, '.0');
  }

  it('has a person accept a result, and the journal names who by the digest of a line of the audit', async () => {
    const path = `/v1/runs/${run}/tasks/t2/approve`;
    expect(await post(path, tokens.read, {})).toMatchObject({ status: 403, body: { error: { code: 'FORBIDDEN' } } });
    const approved = await post(path, tokens.approve, { comment: 'looks right' });
    expect(approved).toMatchObject({ status: 200, body: { written: 'approve', run, task: 't2' } });
    const { act } = approved.body as { act: string };
    const closed = ({ event }: { event: string }) => event === 'summary';
    const seen = await serving.events(tokens.read ?? '', `?run=${run}&cursor=${await before()}`, closed);
    expect(seen.at(-1)).toMatchObject({ outcome: 'complete', totals: { complete: 2, paid: '10' } });
    const said = (await lane.records(run)).filter(({ type }) => type === 'directive');
    expect(said).toMatchObject([{ action: 'approve', task: 't2', reason: 'looks right', by: act }]);
    const audit = readFileSync(join(lane.directory, 'state/service/audit.jsonl'), 'utf8').trim().split('\n');
    const line = audit.find((one) => sha256(one) === act) ?? '';
    expect(JSON.parse(line)).toMatchObject({ name: 'approveer', act: 'approve', run, task: 't2' });
    expect(audit.map((one) => JSON.parse(one) as object)).toContainEqual(
      expect.objectContaining({ of: act, outcome: 'done' }),
    );
    expect(audit.join('\n')).not.toContain(tokens.approve);
  });

  it('answers about a run: its line, its tasks, outputs, bill, report and verify', async () => {
    const { body } = await serving.ask('/v1/runs', tokens.read);
    expect(body).toMatchObject({
      runs: [{ run, state: 'closed', outcome: 'complete', accepted: 2, submitted: { by: 'submiter' } }],
    });
    expect((await serving.ask(`/v1/runs/${run}`, tokens.read)).body).toMatchObject({
      statuses: { paid: 2 },
      summary: { outcome: 'complete' },
    });
    const output = await serving.ask(`/v1/runs/${run}/tasks/t1/output`, tokens.read);
    expect([output.body, output.headers.get('gatepost-sha256')]).toEqual(['{"input":null}', sha256('{"input":null}')]);
    expect((await serving.ask(`/v1/runs/${run}/bill`, tokens.read)).body).toMatchObject({ run, tokens: '10' });
    // The same question as before there was a run.
    expect((await serving.ask('/v1/report', tokens.read)).body).toMatchObject({ runs: [{ run }] });
    expect((await serving.ask(`/v1/report?run=${run}`, tokens.read)).body).toMatchObject({ runs: [{ run }] });
    expect((await serving.ask(`/v1/verify?run=${run}`, tokens.read)).body).toMatchObject({
      holds: true,
      runs: [{ run }],
    });
    expect((await serving.ask('/v1/runs/nope', tokens.read)).status).toBe(404);
  });

  it('does the same over gRPC, with reflection', async () => {
    const client = new CoordinatorServiceClient(serving.grpc, credentials.createInsecure());
    onTestFinished(() => client.close());
    const as = (token: string | undefined): Metadata => {
      const metadata = new Metadata();
      if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
      return metadata;
    };
    const unary = <A>(call: (callback: (error: ServiceError | null, answer: A) => void) => void): Promise<A> =>
      new Promise((resolve, reject) => {
        call((error, answer) => (error === null ? resolve(answer) : reject(error)));
      });
    const reader = as(tokens.read);
    expect(await unary((done) => client.whoAmI({}, reader, done))).toMatchObject({
      name: 'reader',
      journal: lane.journal,
    });
    // Larger than what a connection may send that has shown nothing.
    const document = Buffer.from(planOf('by gRPC', 'none').padEnd(300_000));
    const asked = { idempotencyKey: 'g1', document, weight: 0, mostOpen: 0 };
    const first = await unary<SubmitResponse>((done) => client.submit(asked, as(tokens.submit), done));
    expect(first).toMatchObject({ name: 'by gRPC', isNew: true });
    const again = await unary<SubmitResponse>((done) => client.submit(asked, as(tokens.submit), done));
    expect(again).toEqual({ ...first, isNew: false });
    const watching = client.watch({ cursor: await before(), run: first.run }, reader);
    for await (const { eventJson } of watching as AsyncIterable<WatchResponse>)
      if (eventJson.includes('"summary"')) break;
    watching.cancel();
    const { run: line, summaryJson } = await unary<GetResponse>((done) => client.get({ run: first.run }, reader, done));
    expect([line, JSON.parse(summaryJson)]).toMatchObject([
      { status: RunStatus.RUN_STATUS_CLOSED, outcome: 'complete', submittedBy: 'submiter' },
      { totals: { paid: '5' } },
    ]);
    const list = { status: RunStatus.RUN_STATUS_CLOSED, name: '', pageSize: 1, pageToken: '' };
    const page = await unary<ListResponse>((done) => client.list(list, reader, done));
    expect([page.runs.map(({ name }) => name), page.nextPageToken]).toEqual([['by gRPC'], first.run]);
    const parts = client.output({ run: first.run, task: 't1', attempt: 0 }, reader) as AsyncIterable<OutputResponse>;
    for await (const { data } of parts) expect(data.toString()).toBe('{"input":null}');
    expect(await unary((done) => client.verify({ run: '' }, reader, done))).toMatchObject({ holds: true });
    const refused = unary((done) => client.approve({ run, task: 't1', comment: '' }, reader, done));
    await expect(refused).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
    const unknown = unary((done) => client.get({ run }, as(undefined), done)).catch((error: ServiceError) => error);
    expect(((await unknown) as ServiceError).metadata.get('gatepost-error')).toEqual(['UNAUTHENTICATED']);
    const reflection = reflectionClient('v1', serving.grpc, credentials.createInsecure());
    expect(await reflection.services()).toContain('gatepost.coordinator.v1.CoordinatorService');
  });

  it('bounds the streams of one token, and has room again when they are left', async () => {
    const leaving = new AbortController();
    const watch = () =>
      fetch(`${serving.http}/v1/events`, {
        headers: { authorization: `Bearer ${tokens.read}` },
        signal: leaving.signal,
      });
    const open = await Promise.all(Array.from({ length: 20 }, watch));
    expect(new Set(open.map(({ status }) => status))).toEqual(new Set([200]));
    const refused = await watch();
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ error: { code: 'TOO_MANY' } });
    expect(serving.log).not.toContain('Warning');
    leaving.abort();
    await expect
      .poll(() => serving.events(tokens.read ?? '', '', () => true).then(([event]) => event?.event, String), {
        timeout: 20_000,
      })
      .toBe('hello');
  });

  it('is submitted to and followed by `coordinator run --server`, again too, and tells in the same words', async () => {
    const planFile = join(lane.directory, 'plan.json');
    writeFileSync(planFile, planOf('from a terminal', 'none', 'none'));
    const env = { COORDINATOR_TOKEN: tokens.submit ?? '', COORDINATOR_SERVER: serving.grpc };
    const first = await coordinator.commandWithoutKey(env, 'run', planFile);
    expect(first, first.output).toMatchObject({ code: 0 });
    expect(first.output).toMatch(/^from a terminal: new run \S+, 2 tasks, journal 0\.0\.\d+/);
    expect(first.output).toMatch(/t2 .*paid/);
    const again = await coordinator.commandWithoutKey(env, 'run', planFile, '--json');
    const events = again.output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(events).toMatchObject([
      { event: 'run', how: 'closed' },
      { event: 'summary', outcome: 'complete', totals: { paid: '10' } },
    ]);
    const refused = await coordinator.commandWithoutKey(
      { ...env, COORDINATOR_TOKEN: tokens.read ?? '' },
      'run',
      planFile,
    );
    expect(refused).toMatchObject({ code: 1, output: expect.stringContaining('it takes submit or admin') });
    const nobody = await coordinator.commandWithoutKey({ ...env, COORDINATOR_SERVER: '127.0.0.1:9' }, 'run', planFile);
    expect(nobody).toMatchObject({ code: 1, output: expect.stringContaining('the coordinator at 127.0.0.1:9') });
  });

  it.each([
    ['no token', undefined, 401, 'UNAUTHENTICATED'],
    ['an unknown token', `gatepost_${'A'.repeat(43)}`, 401, 'UNAUTHENTICATED'],
    ['a token of another role', 'read', 403, 'FORBIDDEN'],
  ])('refuses a plan with %s', async (_what, token, status, code) => {
    const answer = await submit(tokens[token ?? ''] ?? token, 'k', planOf('refused', 'none'));
    expect(answer).toMatchObject({ status, body: { error: { code, advice: expect.any(String) } } });
  });

  it.each([
    ['without a key', '', planOf('p', 'none'), 'USAGE', 'idempotency key'],
    ['that is none', 'bad', '{"name": "x"}', 'INVALID_PLAN', 'sequences'],
    [
      'whose gate runs a program here',
      'gate',
      planOf('p', 'none').replace('"none"', '{"command":["true"]}'),
      'INVALID_PLAN',
      'serve.gates',
    ],
    [
      'that reads a file here',
      'file',
      planOf('p', 'none').replace('"none"', '{"schema":"../tokens.yaml"}'),
      'INVALID_PLAN',
      'write the JSON Schema into the plan',
    ],
  ])('refuses a plan %s, and says how to mend it', async (_what, key, plan, code, words) => {
    const answer = await submit(tokens.submit, key, plan);
    expect(answer).toMatchObject({ status: 400, body: { error: { code, message: expect.stringContaining(words) } } });
  });

  it('has the metrics that docs/serve.md lists, with their labels', async () => {
    const text = String((await serving.ask('/metrics', tokens.read)).body);
    const served = [...text.matchAll(/^# TYPE (gatepost_\w+)/gm)].map(([, name]) => name).sort();
    const document = readFileSync(join(import.meta.dirname, '../../../docs/serve.md'), 'utf8');
    expect([...document.matchAll(/^\| `(gatepost_service_\w+)` \|/gm)].map(([, name]) => name).sort()).toEqual(served);
    expect(text).toContain('gatepost_service_requests_total{transport="http",method="/v1/runs",answer="201"} 1');
    expect(text).toContain('gatepost_service_open_runs 0');
  });

  it('serves the page to anybody, which may ask nobody else', async () => {
    const { status, body, headers } = await serving.ask('/');
    expect([status, String(body)]).toEqual([
      200,
      expect.stringContaining('<script type="application/json" id="report">null</script>'),
    ]);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("connect-src 'self'");
    expect(String(body)).toContain(policy.replace("; frame-ancestors 'none'", ''));
  });
});
