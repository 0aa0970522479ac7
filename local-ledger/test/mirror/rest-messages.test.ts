import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatNanos } from '../../src/mirror/format/timestamp.js';
import type { Mirror } from '../../src/mirror/start.js';
import { HandMadeSource } from './hand-made-source.js';
import { rest, startTestMirror } from './mirror-client.js';

describe('REST topic messages', () => {
  const source = new HandMadeSource();
  let mirror: Mirror;

  beforeAll(async () => {
    source.topic(1002);
    source.topic(1003);
    const chunk = {
      initialTransactionId: { payer: 1001, validStart: 1_234_567_890_000_000_321n, scheduled: false, nonce: 0 },
      number: 1,
      total: 2,
    };
    for (let n = 1; n <= 250; n++) {
      source.message(1002, `message ${n}`, n === 7 ? { payer: 1001, chunk } : {});
      source.message(1003, 'other');
    }
    mirror = await startTestMirror(source);
  });
  afterAll(() => mirror.close());

  it('shows every field with its type', async () => {
    const { body, headers } = await rest(mirror, '/topics/0.0.1002/messages/7');
    expect(headers.get('cache-control')).toBe('public, max-age=600');
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(body).toEqual({
      chunk_info: {
        initial_transaction_id: {
          account_id: '0.0.1001',
          nonce: 0,
          scheduled: false,
          transaction_valid_start: '1234567890.000000321',
        },
        number: 1,
        total: 2,
      },
      consensus_timestamp: expect.stringMatching(/^\d{10}\.\d{9}$/),
      message: Buffer.from('message 7').toString('base64'),
      payer_account_id: '0.0.1001',
      running_hash: expect.stringMatching(/^[A-Za-z0-9+/]{64}$/),
      running_hash_version: 3,
      sequence_number: 7,
      topic_id: '0.0.1002',
    });
  });

  it('pages through all by following links verbatim', async () => {
    const seen: number[] = [];
    let next: string | null = '/api/v1/topics/1002/messages?limit=40';
    while (next !== null) {
      const { body, headers } = await rest(mirror, next);
      seen.push(...body.messages.map((one: { sequence_number: number }) => one.sequence_number));
      next = body.links.next;
      expect(headers.get('link')).toBe(next === null ? null : `<${next}>; rel="next"`);
    }
    expect(seen).toEqual(Array.from({ length: 250 }, (_, index) => index + 1));
  });

  it('defaults to 25, caps at 100, and goes backwards', async () => {
    expect((await rest(mirror, '/topics/1002/messages')).body.messages).toHaveLength(25);
    expect((await rest(mirror, '/topics/1002/messages?limit=1000')).body.messages).toHaveLength(100);
    const { body } = await rest(mirror, '/topics/1002/messages?ORDER=DESC&limit=2');
    expect(body.messages.map((one: { sequence_number: number }) => one.sequence_number)).toEqual([250, 249]);
    expect(body.links.next).toMatch(/^\/api\/v1\/topics\/1002\/messages\?order=desc&limit=2&timestamp=lt:\d+\.\d{9}$/);
  });

  it.each([
    ['sequencenumber=gt:247', [248, 249, 250]],
    ['sequencenumber=gte:3&sequencenumber=lt:5', [3, 4]],
    ['sequencenumber=17', [17]],
    ['sequencenumber=eq:17&sequencenumber=gte:18', []],
    ['sequencenumber=3&sequencenumber=4', []],
  ])('filters %s', async (filter, expected) => {
    const { body } = await rest(mirror, `/topics/1002/messages?${filter}`);
    expect(body.messages.map((one: { sequence_number: number }) => one.sequence_number)).toEqual(expected);
  });

  it('finds by timestamp, alone and as a filter', async () => {
    const one = (await rest(mirror, '/topics/1002/messages/100')).body;
    const timestamp = one.consensus_timestamp;
    expect((await rest(mirror, `/topics/messages/${timestamp}`)).body).toEqual(one);
    expect((await rest(mirror, `/topics/1002/messages?timestamp=${timestamp}`)).body.messages).toEqual([one]);
    expect((await rest(mirror, `/topics/1002/messages?timestamp=gte:${timestamp}&limit=1`)).body.messages).toEqual([
      one,
    ]);
    const topicCreation = formatNanos(1_700_000_000_000_000_000n);
    expect((await rest(mirror, `/topics/messages/${topicCreation}`)).status).toBe(404);
  });

  it('gives text when asked for utf-8', async () => {
    const { body } = await rest(mirror, '/topics/1002/messages?encoding=UTF-8&limit=1');
    expect(body.messages[0].message).toBe('message 1');
  });

  it('answers an empty list for a topic that is not there', async () => {
    expect(await rest(mirror, '/topics/4711/messages')).toMatchObject({
      status: 200,
      body: { messages: [], links: { next: null } },
    });
  });

  it.each([
    [
      '/topics/1002/messages?sequencenumber=2_2&timestamp=18:34&limit=-1&topic.id=7',
      400,
      [
        'Invalid parameter: sequencenumber',
        'Invalid parameter: timestamp',
        'Invalid parameter: limit',
        'Unknown query parameter: topic.id',
      ],
    ],
    ['/topics/1002/messages?limit=0', 400, ['Invalid parameter: limit']],
    ['/topics/1002/messages?order=up', 400, ['Invalid parameter: order']],
    ['/topics/1002/messages?encoding=latin1', 400, ['Invalid parameter: encoding']],
    ['/topics/1002/messages?sequencenumber=ne:3', 400, ['Not equal (ne) operator is not supported for sequencenumber']],
    ['/topics/0.a.1/messages', 400, ['Invalid parameter: topic.id']],
    ['/topics/1002/messages/0', 400, ['Invalid parameter: sequencenumber']],
    ['/topics/x/messages/0', 400, ['Invalid parameter: topic.id', 'Invalid parameter: sequencenumber']],
    ['/topics/messages/yesterday', 400, ['Invalid parameter: consensus_timestamp']],
    ['/topics/1002/messages/251', 404, ['Not found']],
    ['/nothing', 404, ['Not found']],
  ])('%s is an error', async (path, status, messages) => {
    const answer = await rest(mirror, path);
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual({ _status: { messages: messages.map((message) => ({ message })) } });
  });

  it('refuses a parameter given more than 100 times', async () => {
    const query = Array.from({ length: 101 }, () => 'sequencenumber=1').join('&');
    const { body } = await rest(mirror, `/topics/1002/messages?${query}`);
    expect(body._status.messages[0].message).toContain('sequencenumber count: 101 max: 100');
  });

  it('shows the topic itself', async () => {
    const { body, headers } = await rest(mirror, '/topics/0.0.1002');
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(body).toEqual({
      admin_key: null,
      auto_renew_account: '0.0.2',
      auto_renew_period: 7776000,
      created_timestamp: '1700000000.000000000',
      custom_fees: { created_timestamp: '1700000000.000000000', fixed_fees: [] },
      deleted: false,
      fee_exempt_key_list: [],
      fee_schedule_key: null,
      memo: 'topic 1002',
      submit_key: null,
      timestamp: { from: '1700000000.000000000', to: null },
      topic_id: '0.0.1002',
    });
    expect((await rest(mirror, '/topics/4711')).body).toEqual({
      _status: { messages: [{ message: 'Not Found', detail: 'Entity not found: 0.0.4711' }] },
    });
    expect((await rest(mirror, '/topics/a.b.c')).body).toEqual({
      _status: { messages: [{ message: 'Bad Request', detail: "Invalid value for path variable 'id'" }] },
    });
  });
});
