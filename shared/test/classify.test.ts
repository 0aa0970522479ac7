import { classifyReceipt, classifySubmission, isNotNow } from '@gatepost/shared/hedera/classify';
import { status } from '@grpc/grpc-js';
import {
  MaxAttemptsOrTimeoutError,
  PrecheckStatusError,
  AccountId as SdkAccountId,
  Status,
  TransactionId,
} from '@hashgraph/sdk';
import { describe, expect, it } from 'vitest';

const precheck = (status: Status) =>
  new PrecheckStatusError({
    nodeId: SdkAccountId.fromString('0.0.3'),
    status,
    transactionId: TransactionId.fromString('0.0.2@1.1'),
    contractFunctionResult: null,
  });

/** Every status the SDK knows. */
const statuses = Object.values(Status).filter((value): value is Status => value instanceof Status);

describe('an error of the SDK at a submission', () => {
  it.each([
    ['refuses for good', precheck(Status.InvalidSignature), { kind: 'refused', status: 'INVALID_SIGNATURE' }],
    ['wants patience', precheck(Status.Busy), { kind: 'later', why: 'BUSY' }],
    ['saw the id before', precheck(Status.DuplicateTransaction), { kind: 'duplicate' }],
    ['is too late', precheck(Status.TransactionExpired), { kind: 'expired' }],
  ])('is a status of precheck that %s', (_what, error, expected) => {
    expect(classifySubmission(error)).toEqual(expected);
  });

  it.each(Object.entries(status).filter(([, code]) => typeof code === 'number'))(
    'is no answer when gRPC says %s',
    (name) => {
      // The SDK does not export the class; it is an error with this name and the status in its text.
      const error = Object.assign(new Error(`gRPC service error: ${name}`), { name: 'GrpcServiceError' });
      expect(classifySubmission(error).kind).toBe('unanswered');
    },
  );

  it.each([
    new MaxAttemptsOrTimeoutError('max attempts of 10 was reached', '0.0.3'),
    new Error('Network connectivity issue: All nodes are unhealthy'),
    new Error('failed to find a healthy working node'),
    new Error('a text that nobody has seen before'),
    'not even an error',
  ])('is no answer when it is %s', (error) => {
    expect(classifySubmission(error).kind).toBe('unanswered');
    expect(classifyReceipt(error)).not.toBe('');
  });

  it('wants patience when the SDK gave up asking a busy node, and is no answer when it gave up for silence', () => {
    const gaveUp = (last: string) =>
      new MaxAttemptsOrTimeoutError(
        `max attempts of 1 was reached for request with last error being: ${last}`,
        '0.0.3',
      );
    expect(classifySubmission(gaveUp('BUSY'))).toEqual({ kind: 'later', why: 'BUSY' });
    expect(classifySubmission(gaveUp('gRPC service error: BUSY TIMEOUT')).kind).toBe('unanswered');
  });

  it.each([new TypeError('x'), new RangeError('x'), new ReferenceError('x'), new SyntaxError('x')])(
    'is thrown on when it is a defect: %s',
    (error) => {
      expect(() => classifySubmission(error)).toThrow(error);
      expect(() => classifyReceipt(error)).toThrow(error);
    },
  );

  it('is classified for each status that there is, and only some are a refusal that may pass', () => {
    const kinds = new Map<string, string[]>();
    for (const status of statuses) {
      const { kind } = classifySubmission(precheck(status));
      kinds.set(kind, [...(kinds.get(kind) ?? []), status.toString()]);
    }
    expect(kinds.get('later')?.sort()).toEqual([
      'BUSY',
      'CREATING_SYSTEM_ENTITIES',
      'PLATFORM_NOT_ACTIVE',
      'PLATFORM_TRANSACTION_NOT_CREATED',
      'WAITING_FOR_LEDGER_ID',
    ]);
    expect(kinds.get('unanswered')).toBeUndefined();
    expect(statuses.filter(isNotNow).map(String)).toEqual(['THROTTLED_AT_CONSENSUS']);
  });
});
