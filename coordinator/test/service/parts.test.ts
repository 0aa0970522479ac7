import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventLog } from '@gatepost/coordinator/core/service/event-log';
import { RequestRate } from '@gatepost/coordinator/core/service/request-rate';
import { type Act, mayDo, ROLES } from '@gatepost/coordinator/core/service/roles';
import { Audit } from '@gatepost/coordinator/shell/service/audit';
import { DurableLines } from '@gatepost/coordinator/shell/service/durable-lines';
import { SubmissionBook } from '@gatepost/coordinator/shell/service/submission-book';
import { submittedPlan } from '@gatepost/coordinator/shell/service/submitted-plan';
import { addToken, bearerOf, endToken, listTokens, Tokens } from '@gatepost/coordinator/shell/service/tokens';
import { systemClock } from '@gatepost/shared/clock';
import type { GatepostError } from '@gatepost/shared/vocabulary/errors';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gatepost-service-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const PLAN = Buffer.from(
  JSON.stringify({ name: 'p', sequences: [{ id: 's', tasks: [{ id: 't', type: 'echo', price: 5, gate: 'none' }] }] }),
);

describe('the audit', () => {
  it('is set aside whole when it is full, and begun anew', async () => {
    const path = join(directory, 'audit.jsonl');
    const acts = async (fullBytes: number, count: number) => {
      const audit = await Audit.open(path, systemClock, fullBytes);
      for (let n = 0; n < count; n += 1) {
        await audit.around({ name: 'alice', roles: ['submit'] }, { act: 'submit' }, async () => undefined);
      }
      await audit.close();
    };
    await acts(1_000_000, 3);
    const before = readFileSync(path, 'utf8');
    await acts(before.length + 1, 0);
    expect(readdirSync(directory)).toEqual(['audit.jsonl']);
    await acts(before.length, 1);
    const [aside = '', ...others] = readdirSync(directory).filter((name) => name !== 'audit.jsonl');
    expect(others).toEqual([]);
    expect(aside).toMatch(/^audit-\d{4}-\d\d-\d\dT\d{6}\.\d{3}Z\.jsonl$/);
    expect(readFileSync(join(directory, aside), 'utf8')).toBe(before);
    expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(2);
  });
});

describe('lines that are durable', () => {
  it('come back in order, and one that a crash left without its end is gone', async () => {
    const path = join(directory, 'lines');
    const first = await DurableLines.open(path);
    await Promise.all(['a', 'b', 'c'].map((line) => first.file.append(line)));
    await first.file.close();
    appendFileSync(path, '{"half":');
    const second = await DurableLines.open(path);
    expect(second.lines).toEqual(['a', 'b', 'c']);
    await second.file.append('d');
    await second.file.close();
    expect(readFileSync(path, 'utf8')).toBe('a\nb\nc\nd\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('cannot be written where there is no room, and say so', async () => {
    const { file } = await DurableLines.open(join(directory, 'lines'));
    await file.close();
    await expect(file.append('a')).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });
});

describe('the book of submissions', () => {
  const plan = submittedPlan(PLAN, false);
  const submission = {
    ...{ key: 'alice k', plan: plan.digest, weight: 2, mostOpen: 7, run: 'r-1', ordinal: 1 },
    ...{ by: 'alice', atMs: 1, name: 'p', tasks: 1 },
  };

  it('has after a restart what was submitted, with its plan, and what was withdrawn', async () => {
    const book = await SubmissionBook.open(directory);
    await book.add(submission, plan);
    await book.withdraw('r-1', 'alice', 2);
    await book.close();
    const again = await SubmissionBook.open(directory);
    expect(again.submissions).toEqual([submission]);
    expect([...again.withdrawn]).toEqual(['r-1']);
    expect(again.plan(plan.digest)).toEqual(plan);
    await again.close();
  });

  it('does not take what is no entry, nor a plan that is another one', async () => {
    writeFileSync(join(directory, 'submissions.jsonl'), '{"kind":"submitted"}\n');
    await expect(SubmissionBook.open(directory)).rejects.toThrow('submissions.jsonl:1: is no entry');
    rmSync(join(directory, 'submissions.jsonl'));
    const book = await SubmissionBook.open(directory);
    await book.add(submission, plan);
    const path = join(directory, 'plans', `${plan.digest}.json`);
    writeFileSync(path, readFileSync(path, 'utf8').replace('"5"', '"6"'));
    expect(() => book.plan(plan.digest)).toThrow('is not the plan that was submitted');
    await book.close();
  });
});

describe('tokens', () => {
  const complaints: GatepostError[] = [];
  const open = (path: string) => new Tokens(path, (problem) => void complaints.push(problem));

  it('are known by their digests, which alone are kept, until they end', () => {
    const path = join(directory, 'tokens.yaml');
    const made = addToken(path, 'alice', ['submit', 'approve']);
    expect(readFileSync(path, 'utf8')).not.toContain(made.slice('gatepost_'.length));
    const tokens = open(path);
    expect(tokens.caller(made)).toEqual({ name: 'alice', roles: ['submit', 'approve'] });
    expect(() => addToken(path, 'alice', ['read'])).toThrow('has a token of alice');
    const other = addToken(path, 'bob', ['read']);
    expect(tokens.caller(other)).toEqual({ name: 'bob', roles: ['read'] });
    endToken(path, 'alice');
    expect(() => tokens.caller(made)).toThrow('not known');
    expect(listTokens(path)).toEqual([{ name: 'bob', roles: ['read'] }]);
    writeFileSync(path, 'tokens: [{ name: bob }]');
    expect(tokens.caller(other).name).toBe('bob');
    expect(complaints).toMatchObject([{ code: 'INVALID_CONFIG' }]);
  });

  it.each([
    ['Bearer abc', 'abc'],
    ['bearer  abc ', 'abc'],
    ['Basic abc', undefined],
    ['Bearer a b', undefined],
    [undefined, undefined],
  ])('are taken from the header %j', (header, token) => {
    expect(bearerOf(header)).toBe(token);
  });
});

it.each<[Act, string[]]>([
  ['look', ['read', 'submit', 'approve', 'admin']],
  ['submit', ['submit', 'admin']],
  ['approve', ['approve', 'admin']],
  ['reject', ['approve', 'admin']],
  ['cancel', ['submit', 'admin']],
  ['cancel_of_others', ['admin']],
])('%s takes one of %j', (act, roles) => {
  expect(ROLES.filter((role) => mayDo([role], act))).toEqual(roles);
});

describe('the log of events', () => {
  it('whatever was read up to a cursor: what follows is all that came since, or it is said that something is missing', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40), { maxLength: 60 }), fc.nat(60), (sizes, readUpTo) => {
        const log = new EventLog('p', 200);
        const all = sizes.map((size, at) => log.add(`r${at}`, (cursor) => `${cursor} ${'x'.repeat(size)}`));
        const from = Math.min(readUpTo, all.length);
        const following = log.after(`p.${from}`);
        if ('lost' in following) expect(following.cursor).toBe(log.cursor);
        else expect(following.events).toEqual(all.slice(from));
        expect(log.after(log.cursor)).toMatchObject({ events: [] });
      }),
    );
  });

  it.each(['q.1', 'p.99', 'nonsense', 'p.-1'])('takes %s for no cursor of its own', (cursor) => {
    const log = new EventLog('p', 1_000);
    log.add('r', () => '{}');
    expect(log.after(cursor)).toEqual({ lost: true, cursor: 'p.1' });
  });
});

it('a token may ask so often at once, then again as time passes, and others as they like', () => {
  const rate = new RequestRate(60);
  for (let asked = 0; asked < 60; asked += 1) expect(rate.take('a', 0)).toBeUndefined();
  expect(rate.take('a', 0)).toBe(1_000);
  expect(rate.take('b', 0)).toBeUndefined();
  expect(rate.take('a', 1_000)).toBeUndefined();
  expect(rate.take('a', 1_000)).toBe(1_000);
});
