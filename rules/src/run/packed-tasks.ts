import type { AccountId, TopicId } from '@gatepost/shared/vocabulary/ids';
import type { Nanos } from '@gatepost/shared/vocabulary/time';
import type { PlanTask } from '../plan/plan.js';
import type { Attempt } from './attempt.js';
import { PackedRows, PackedTexts } from './packed-rows.js';
import { isAccepted, type TaskState } from './task-state.js';

/** Bytes of a SHA-256. */
const DIGEST_LENGTH = 32;
const DIGEST = /^[0-9a-f]{64}$/;
/** Bytes of an attempt: 2 numbers in 4 each, 4 in 8, 6 times, 2 digests, 7 texts by number, and flags. */
const ATTEMPT_LENGTH = 2 * 4 + 4 * 8 + 6 * 8 + 2 * DIGEST_LENGTH + 7 * 4 + 4;
const NO_TIME = -1n;

const SUPERSEDED = 1;
const CANCELLED = 2;
const OK = 4;
const HAS_RESULT = 8;
const HAS_OUTPUT = 16;
const ACCEPTED = 32;

/** Goes through the fields of a row, one after the other. */
class Fields {
  #at = 0;

  constructor(private readonly row: Buffer) {}

  putCount(count: number): void {
    this.#at = this.row.writeUInt32LE(count, this.#at);
  }

  putNumber(number: number): void {
    this.#at = this.row.writeDoubleLE(number, this.#at);
  }

  putTime(time: Nanos | undefined): void {
    this.#at = this.row.writeBigInt64LE(time ?? NO_TIME, this.#at);
  }

  putDigest(digest: string): void {
    this.row.write(digest, this.#at, 'hex');
    this.#at += DIGEST_LENGTH;
  }

  count(): number {
    this.#at += 4;
    return this.row.readUInt32LE(this.#at - 4);
  }

  number(): number {
    this.#at += 8;
    return this.row.readDoubleLE(this.#at - 8);
  }

  time(): Nanos | undefined {
    this.#at += 8;
    const time = this.row.readBigInt64LE(this.#at - 8);
    return time === NO_TIME ? undefined : time;
  }

  digest(): string {
    this.#at += DIGEST_LENGTH;
    return this.row.toString('hex', this.#at - DIGEST_LENGTH, this.#at);
  }
}

/** Whether nothing is to come of an attempt any more, and it is as they mostly are: paid what its task says, if anything. */
function isUsual({ result, verdict, payment, dispute, ...attempt }: Attempt, { price }: PlanTask): boolean {
  if (verdict === undefined || dispute !== undefined || attempt.price !== price) return false;
  if (payment === undefined ? verdict.accepted && price > 0n : payment.to !== attempt.agent || payment.amount !== price)
    return false;
  const output = result?.outputSha256;
  return DIGEST.test(attempt.inputSha256) && (output === undefined || DIGEST.test(output));
}

/** A task that is packed. */
export interface PackedTask {
  readonly spec: PlanTask;
  readonly status: TaskState['status'];
  readonly failures: number;
  /** Rows of its attempts: the first, and how many. */
  readonly first: number;
  readonly count: number;
}

/**
 * Tasks of the plan that are over, each attempt in some two hundred bytes, a fifth of what it takes as an object. What is
 * unusual is not packed: there is little of it.
 */
export class PackedTasks {
  readonly #attempts = new PackedRows(ATTEMPT_LENGTH);
  readonly #texts = new PackedTexts();

  /**
   * Packs a task that is over.
   * @param before as what it was packed until somebody asked for it; its rows are written again.
   * @returns undefined for one that has to stay as it is.
   */
  pack(task: TaskState, before: PackedTask | undefined): PackedTask | undefined {
    const { spec, reviews, status, waiting, need, failures, attempts, reason, directive } = task;
    const isPlain = reviews === undefined && waiting === 0 && need === 0 && reason === undefined;
    if (!isAccepted(status) || !isPlain || directive !== undefined) return undefined;
    if (!attempts.every((attempt) => isUsual(attempt, spec))) return undefined;
    const count = attempts.length;
    const first = before?.count === count ? before.first : this.#attempts.add(count);
    for (let index = 0; index < count; index += 1)
      this.#put(this.#attempts.at(first + index), attempts[index] as Attempt);
    return { spec, status, failures, first, count };
  }

  /** The task as it was when it was packed. */
  unpack({ spec, status, failures, first, count }: PackedTask): TaskState {
    return {
      spec,
      reviews: undefined,
      status,
      waiting: 0,
      need: 0,
      failures,
      attempts: Array.from({ length: count }, (_, index) => this.#attempt(this.#attempts.at(first + index), spec)),
      reason: undefined,
      directive: undefined,
    };
  }

  #put(row: Buffer, attempt: Attempt): void {
    const { result, verdict, payment } = attempt;
    const fields = new Fields(row);
    fields.putCount(attempt.number);
    fields.putCount(attempt.round);
    fields.putNumber(attempt.inboxSequence);
    fields.putNumber(attempt.inputSize);
    fields.putNumber(attempt.deadlineMs);
    fields.putNumber(result?.outputSize ?? 0);
    fields.putTime(attempt.assignedAt);
    fields.putTime(attempt.startedAt);
    fields.putTime(attempt.timedOutAt);
    fields.putTime(result?.at);
    fields.putTime(verdict?.at);
    fields.putTime(payment?.at);
    fields.putDigest(attempt.inputSha256);
    fields.putDigest(result?.outputSha256 ?? '');
    this.#putText(fields, attempt.agent);
    this.#putText(fields, attempt.inbox);
    this.#putText(fields, result?.inline);
    this.#putText(fields, result?.reason);
    this.#putText(fields, verdict?.gate);
    this.#putText(fields, verdict?.reason);
    this.#putText(fields, payment?.transfer);
    fields.putCount(
      (attempt.superseded ? SUPERSEDED : 0) |
        (attempt.cancelled ? CANCELLED : 0) |
        (result?.ok === true ? OK : 0) |
        (result === undefined ? 0 : HAS_RESULT) |
        (result?.outputSha256 === undefined ? 0 : HAS_OUTPUT) |
        (verdict?.accepted === true ? ACCEPTED : 0),
    );
  }

  #putText(fields: Fields, text: string | undefined): void {
    fields.putCount(this.#texts.numberOf(text));
  }

  #attempt(row: Buffer, { id, price }: PlanTask): Attempt {
    const fields = new Fields(row);
    const [number, round] = [fields.count(), fields.count()];
    const [inboxSequence, inputSize, deadlineMs, outputSize] = [1, 2, 3, 4].map(() => fields.number()) as Four;
    const [assignedAt = 0n, startedAt, timedOutAt, resultAt = 0n, verdictAt = 0n, paidAt] = [1, 2, 3, 4, 5, 6].map(() =>
      fields.time(),
    );
    const [inputSha256, output] = [fields.digest(), fields.digest()];
    const texts = [1, 2, 3, 4, 5, 6, 7].map(() => this.#texts.of(fields.count()));
    const [agent, inbox, inline, resultReason, gate = '', verdictReason = '', transfer] = texts;
    const flags = fields.count();
    const is = (flag: number): boolean => (flags & flag) !== 0;
    const to = agent as AccountId;
    const outputSha256 = is(HAS_OUTPUT) ? output : undefined;
    return {
      task: id,
      number,
      round,
      agent: to,
      inbox: inbox as TopicId,
      inboxSequence,
      price,
      inputSha256,
      inputSize,
      deadlineMs,
      assignedAt,
      startedAt,
      superseded: is(SUPERSEDED),
      cancelled: is(CANCELLED),
      timedOutAt,
      result: is(HAS_RESULT)
        ? { ok: is(OK), outputSha256, outputSize, inline, reason: resultReason, at: resultAt }
        : undefined,
      verdict: { accepted: is(ACCEPTED), gate, reason: verdictReason, at: verdictAt },
      payment: paidAt === undefined ? undefined : { to, amount: price, transfer, at: paidAt },
      dispute: undefined,
    };
  }
}

type Four = [number, number, number, number];
