import { accountId, topicId, transactionId } from '@gatepost/local-ledger/core/ids';
import { Status } from '@gatepost/local-ledger/core/status';
import { Query } from '@gatepost/local-ledger/gen/services_query';
import { ResponseType } from '@gatepost/local-ledger/gen/services_query_header';
import { Response } from '@gatepost/local-ledger/gen/services_response';
import { TransactionBody } from '@gatepost/local-ledger/gen/services_transaction';
import { TransactionResponse } from '@gatepost/local-ledger/gen/services_transaction_response';
import { services } from '@gatepost/local-ledger/node/rpcs';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainBody, RawClient, signedBytes, transactionBytes, wrapped } from './raw.js';
import { openStage, type Stage } from './support.js';

/** Inputs per service; `npm run fuzz` asks for many more, from a seed of its own. */
const INPUTS = Number(process.env.GATEPOST_FUZZ_INPUTS ?? 2_000);
const IN_FLIGHT = 128;
const SEED = Number(process.env.GATEPOST_FUZZ_SEED ?? 20_261_122);

let stage: Stage;
let raw: RawClient;

beforeAll(async () => {
  stage = await openStage();
  raw = new RawClient(stage.ledger.ports.consensus);
});

afterAll(async () => {
  raw.close();
  await stage.close();
});

/** A small generator with a seed, so that a failure can be repeated (mulberry32). */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const header = { payment: undefined, responseType: ResponseType.ANSWER_ONLY };
const id = transactionId({ payer: 2, validStart: 1n, scheduled: false, nonce: 0 });

/** Valid messages to spoil. */
function seeds(): Uint8Array[] {
  const message = { topicID: topicId(5), message: Buffer.from('hello'), chunkInfo: undefined };
  const body = plainBody({ data: { $case: 'consensusSubmitMessage', value: message } });
  const batch = plainBody({ data: { $case: 'atomicBatch', value: { transactions: [signedBytes(plainBody())] } } });
  const receipt = { header, transactionID: id, includeDuplicates: true, includeChildReceipts: true };
  return [
    transactionBytes(plainBody()),
    transactionBytes(body),
    transactionBytes(batch),
    wrapped(TransactionBody.encode(body).finish()),
    Query.encode({ query: { $case: 'transactionGetReceipt', value: receipt } }).finish(),
    Query.encode({
      query: {
        $case: 'cryptogetAccountBalance',
        value: { header, balanceSource: { $case: 'accountID', value: accountId(2) } },
      },
    }).finish(),
    Query.encode({ query: { $case: 'consensusGetTopicInfo', value: { header, topicID: topicId(5) } } }).finish(),
  ];
}

function spoiled(random: (below: number) => number, valid: readonly Uint8Array[]): Uint8Array {
  const seed = Buffer.from(valid[random(valid.length)] ?? []);
  switch (random(5)) {
    case 0:
      return Buffer.from(Array.from({ length: random(200) }, () => random(256)));
    case 1:
      return seed.subarray(0, random(seed.length + 1));
    case 2:
      return Buffer.concat([seed, Buffer.alloc(random(8_000), random(256))]);
    case 3:
      return Buffer.concat([seed.subarray(0, random(seed.length)), seed.subarray(random(seed.length))]);
    default: {
      for (let flips = 1 + random(8); flips > 0; flips--) {
        seed[random(seed.length)] = random(256);
      }
      return seed;
    }
  }
}

/** The first header or precheck code in an answer; FAIL_INVALID would be an error of ours that was caught. */
function isOurs(path: string, answer: Buffer): boolean {
  if (!transactionPaths.has(path)) {
    return Response.decode(answer).response?.value.header?.nodeTransactionPrecheckCode === Status.FAIL_INVALID;
  }
  return TransactionResponse.decode(answer).nodeTransactionPrecheckCode === Status.FAIL_INVALID;
}

const transactionPaths = new Set(
  Object.entries(services).flatMap(([service, { transaction }]) => transaction.map((rpc) => `/${service}/${rpc}`)),
);

/** Whether the network answered as it should: a code of its own, INVALID_ARGUMENT or RESOURCE_EXHAUSTED. */
const isAnswered = (path: string, bytes: Uint8Array) =>
  raw.call(path, bytes).then(
    (answer) => !isOurs(path, answer),
    (error: { code?: number }) => error.code === 3 || error.code === 8,
  );

describe('bad bytes', () => {
  it.each(Object.entries(services))(
    `do not disturb %s, ${INPUTS} of them`,
    async (service, rpcs) => {
      const random = randomOf(SEED);
      const valid = seeds();
      const paths = [...rpcs.transaction, ...rpcs.query].map((rpc) => `/${service}/${rpc}`);
      let left = INPUTS;
      let unanswered = 0;
      const worker = async () => {
        while (left-- > 0) {
          const bytes = spoiled(random, valid);
          unanswered += (await isAnswered(paths[random(paths.length)] ?? '', bytes)) ? 0 : 1;
        }
      };
      await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
      expect(unanswered, `seed ${SEED}`).toBe(0);
      expect(await raw.submit(transactionBytes(plainBody()))).toBe('OK');
    },
    120_000 + INPUTS * 10,
  );

  it('of a megabyte and more are refused', async () => {
    const path = '/proto.ConsensusService/submitMessage';
    for (const bytes of [900_000, 3_000_000]) {
      await expect(raw.call(path, new Uint8Array(bytes)), `${bytes}`).rejects.toMatchObject({ code: status.UNKNOWN });
    }
    expect(await raw.submit(transactionBytes(plainBody()))).toBe('OK');
  });
});
