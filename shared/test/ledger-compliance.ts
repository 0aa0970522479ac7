import type { BatchReading, Signer, UnsignedBatch } from '@gatepost/shared/ledger/cosigner';
import type { Action, Ledger, ListedTransaction, PreparedTransaction } from '@gatepost/shared/ledger/ledger';
import { type Cursor, START, type TopicMessage } from '@gatepost/shared/ledger/topic-message';
import {
  type AccountId,
  type TokenId,
  type TopicId,
  type TransactionId,
  topicId,
} from '@gatepost/shared/vocabulary/ids';
import { type Outcome, requireDone } from '@gatepost/shared/vocabulary/outcome';
import { NANOS_PER_SECOND, type Nanos } from '@gatepost/shared/vocabulary/time';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeEscrow } from './escrow-compliance.js';

/** A network that is there for the suite, and what accounts can be made to do on it beside the port. */
export interface LedgerStage {
  /** A new account that can pay for what it does. */
  newAccount(): Promise<Ledger>;
  /** The same account in another process. */
  again(ledger: Ledger): Ledger;
  /** @param submitter the only account that may write; left out, anybody may. */
  newTopic(by: Ledger, submitter?: Ledger): Promise<TopicId>;
  newToken(treasury: Ledger, supply: bigint): Promise<TokenId>;
  associate(account: Ledger, token: TokenId): Promise<void>;
  /** What the mirror shows of an account's tokens. */
  balance(account: Pick<Ledger, 'account'>, token: TokenId): Promise<bigint | undefined>;
  /** A new account whose key is a list of the parties' keys; it holds nothing, and takes any token. */
  newEscrow(by: Ledger, parties: readonly Ledger[]): Promise<AccountId>;
  /** What an account needs to sign as the cosigner of an escrow. */
  cosigning(of: Ledger): { readonly signer: Signer; readonly read: (batch: UnsignedBatch) => BatchReading };
  /** The network's time. */
  now(): Nanos;
  /** Lets the network's time pass. */
  pass(seconds: number): Promise<void>;
  /** Lets a moment pass between two looks at something. */
  moment(): Promise<void>;
  close(): Promise<void>;
}

const LOOKS = 600;

const text = (content: string): Buffer => Buffer.from(content);
const messageOf = (topic: TopicId, content: string): Action => ({ kind: 'message', topic, message: text(content) });
/** As another process has it, which cannot say whether the bytes were submitted before. */
const fromElsewhere = (prepared: PreparedTransaction): PreparedTransaction => ({
  ...prepared,
  bytes: Uint8Array.from(prepared.bytes),
});
const contents = (messages: readonly TopicMessage[]): string[] => messages.map(({ message }) => message.toString());

/** What every implementation of the ledger port promises. */
export function describeLedger(name: string, openStage: () => Promise<LedgerStage>): void {
  describe(`the ledger port on ${name}`, () => {
    let stage: LedgerStage;
    let owner: Ledger;
    let topic: TopicId;

    beforeAll(async () => {
      stage = await openStage();
      owner = await stage.newAccount();
    });
    afterAll(() => stage?.close());

    const freshTopic = async (submitter?: Ledger): Promise<TopicId> => {
      topic = await stage.newTopic(owner, submitter);
      return topic;
    };

    const write = async (by: Ledger, to: TopicId, content: string): Promise<Outcome> =>
      by.execute(await by.prepare([messageOf(to, content)]));

    async function readAll(of: TopicId, after: Cursor = START): Promise<TopicMessage[]> {
      const found: TopicMessage[] = [];
      for await (const message of owner.read(of, after)) found.push(message);
      return found;
    }

    async function eventually<T>(look: () => Promise<T>, isThere: (found: T) => boolean): Promise<T> {
      for (let looks = 1; ; looks += 1) {
        const found = await look();
        if (isThere(found) || looks > LOOKS) return found;
        await stage.moment();
      }
    }

    /** What the topic holds once the mirror shows the time at which this is called. */
    async function settledContents(of: TopicId): Promise<string[]> {
      const marker = await write(owner, of, 'end');
      requireDone(marker);
      const found = await eventually(
        () => readAll(of),
        (messages) => contents(messages).includes('end'),
      );
      return contents(found).filter((content) => content !== 'end');
    }

    async function followed(of: TopicId, count: number, after: Cursor = START): Promise<TopicMessage[]> {
      const stop = new AbortController();
      const found: TopicMessage[] = [];
      for await (const message of owner.follow(of, after, stop.signal)) {
        found.push(message);
        if (found.length >= count) break;
      }
      stop.abort();
      return found;
    }

    it('knows who made a topic, before anything is written to it, and nothing of one that is not there', async () => {
      const agent = await stage.newAccount();
      const before = stage.now();
      const made = await stage.newTopic(agent, owner);
      const creation = await eventually(() => owner.topicCreation(made), Boolean);
      expect(creation?.by).toBe(agent.account);
      expect(creation?.at).toBeGreaterThanOrEqual(before);
      requireDone(await write(owner, made, 'first'));
      const [first] = await eventually(
        () => readAll(made),
        ({ length }) => length > 0,
      );
      expect(creation?.at).toBeLessThan(first?.consensusTimestamp ?? 0n);
      for (const none of ['0.0.999999999', '0.0.9999999999999999999', agent.account]) {
        expect(await owner.topicCreation(topicId(none))).toBeUndefined();
      }
    });

    describe('a transaction', () => {
      it('happens once, however often its bytes are executed, by whatever process', async () => {
        await freshTopic();
        const prepared = await owner.prepare([messageOf(topic, 'once')]);
        const first = requireDone(await owner.execute(prepared));
        expect(first).toMatchObject({ id: prepared.id, topicSequenceNumber: 1 });
        requireDone(await owner.execute(prepared));
        requireDone(await stage.again(owner).execute(fromElsewhere(prepared)));
        expect(await settledContents(topic)).toEqual(['once']);
      });

      it('happens once when it is executed three times at the same time', async () => {
        await freshTopic();
        const prepared = await owner.prepare([messageOf(topic, 'together')]);
        const outcomes = await Promise.all([
          owner.execute(prepared),
          owner.execute(fromElsewhere(prepared)),
          stage.again(owner).execute(fromElsewhere(prepared)),
        ]);
        for (const outcome of outcomes) expect(outcome.kind).toBe('done');
        expect(await settledContents(topic)).toEqual(['together']);
      });

      it('never happens after its window, and that is what is said', async () => {
        await freshTopic();
        const prepared = await owner.prepare([messageOf(topic, 'late')], { validSeconds: 15 });
        const other = await owner.prepare([messageOf(topic, 'late too')], { validSeconds: 15 });
        expect(prepared.validUntil).toBeGreaterThan(stage.now());
        await stage.pass(20);
        expect(await owner.execute(prepared)).toMatchObject({ kind: 'never', id: prepared.id });
        // One that may have been submitted before is known not to have happened once the mirror shows a later time.
        expect(await owner.execute(fromElsewhere(other))).toMatchObject({ kind: 'never', id: other.id });
        expect(await owner.mirrorTime()).toBeGreaterThan(other.validUntil);
        expect(await settledContents(topic)).toEqual([]);
      });

      it('is not mistaken for another one with the same id', async () => {
        await freshTopic();
        const firstId = owner.nextTransactionId();
        const theirs = await owner.prepare([messageOf(topic, 'theirs')], { firstId });
        const ours = await stage.again(owner).prepare([messageOf(topic, 'ours')], { firstId });
        expect([theirs.id, ours.id]).toEqual([firstId, firstId]);
        expect(await owner.execute(theirs)).toMatchObject({ kind: 'done' });
        expect(await stage.again(owner).execute(ours)).toMatchObject({ kind: 'never', id: firstId });
        expect(await settledContents(topic)).toEqual(['theirs']);
      });

      it('has an id that no other process of the account makes', () => {
        const processes = [owner, ...Array.from({ length: 4 }, () => stage.again(owner))];
        const idsOfAll = () =>
          processes.flatMap((process) => Array.from({ length: 25 }, () => process.nextTransactionId()));
        // Chance makes two alike once in some hundred tries, which `execute` notices; not in three tries on end.
        const tries = Array.from({ length: 3 }, idsOfAll);
        expect(tries.some((ids) => new Set(ids).size === ids.length)).toBe(true);
        for (const id of tries.flat()) expect(id.startsWith(`${owner.account}@`)).toBe(true);
      });

      it('ends as unknown when nobody waits for it any more', async () => {
        await freshTopic();
        const stop = new AbortController();
        stop.abort();
        const prepared = await owner.prepare([messageOf(topic, 'given up')]);
        expect(await owner.execute(prepared, { signal: stop.signal })).toMatchObject({ kind: 'unknown' });
      });

      it('does at least one thing', async () => {
        await expect((async () => owner.prepare([]))()).rejects.toMatchObject({ code: 'INTERNAL' });
      });
    });

    describe('a refusal', () => {
      it('names the status, and nothing was changed', async () => {
        const stranger = await stage.newAccount();
        await freshTopic(owner);
        const forged = await write(stranger, topic, 'forged');
        expect(forged).toMatchObject({ kind: 'refused', status: 'INVALID_SIGNATURE' });
        const nowhere = await write(owner, '0.0.999999999' as TopicId, 'nowhere');
        expect(nowhere).toMatchObject({ kind: 'refused', status: 'INVALID_TOPIC_ID' });
        expect(await settledContents(topic)).toEqual([]);
      });

      it('is said again to who asks with the same bytes', async () => {
        const stranger = await stage.newAccount();
        await freshTopic(owner);
        const forged = await stranger.prepare([messageOf(topic, 'forged')]);
        expect(await stranger.execute(forged)).toMatchObject({ kind: 'refused', status: 'INVALID_SIGNATURE' });
        expect(await stage.again(stranger).execute(fromElsewhere(forged))).toMatchObject({
          kind: 'refused',
          status: 'INVALID_SIGNATURE',
        });
      });
    });

    describe('a batch', () => {
      let token: TokenId;
      let payee: Ledger;

      beforeAll(async () => {
        token = await stage.newToken(owner, 1_000n);
        payee = await stage.newAccount();
        await stage.associate(payee, token);
      });

      const pay = (to: Ledger, amount: bigint): Action => ({
        kind: 'transfer',
        token,
        payees: [{ to: to.account, amount }],
      });
      const resultOf = (id: TransactionId) =>
        eventually(
          () => owner.resultOf(id),
          (result) => result !== undefined,
        );

      it('happens as a whole, once', async () => {
        await freshTopic();
        const firstId = owner.nextTransactionId();
        const batch = await owner.prepare([pay(payee, 7n), messageOf(topic, 'settled')], { firstId, validSeconds: 30 });
        expect(batch.id).not.toBe(firstId);
        expect(await owner.execute(batch)).toMatchObject({ kind: 'done' });
        expect(await stage.again(owner).execute(fromElsewhere(batch))).toMatchObject({ kind: 'done' });
        expect(await settledContents(topic)).toEqual(['settled']);
        expect(await stage.balance(payee, token)).toBe(7n);
        expect(await stage.balance(owner, token)).toBe(993n);
        expect(await resultOf(firstId)).toBe('SUCCESS');
      });

      it.each([
        ['nobody may be paid who is not associated', 5n, 'TOKEN_NOT_ASSOCIATED_TO_ACCOUNT'],
        ['nobody pays more than he has', 5_000n, 'INSUFFICIENT_TOKEN_BALANCE'],
      ] as const)('happens not at all when one part fails: %s', async (_what, amount, status) => {
        await freshTopic();
        const before = await stage.balance(payee, token);
        const to = amount > 1_000n ? payee : await stage.newAccount();
        const firstId = owner.nextTransactionId();
        const batch = await owner.prepare([pay(to, amount), messageOf(topic, 'settled'), pay(payee, 1n)], { firstId });
        expect(await owner.execute(batch)).toMatchObject({ kind: 'refused', status: 'INNER_TRANSACTION_FAILED' });
        expect(await resultOf(firstId)).toBe(status);
        expect(await settledContents(topic)).toEqual([]);
        expect(await stage.balance(payee, token)).toBe(before);
      });

      it('takes back what its first part did when a later one fails', async () => {
        await freshTopic();
        const outsider = await stage.newAccount();
        const firstId = owner.nextTransactionId();
        const batch = await owner.prepare([messageOf(topic, 'settled'), pay(outsider, 1n)], { firstId });
        expect(await owner.execute(batch)).toMatchObject({ kind: 'refused', status: 'INNER_TRANSACTION_FAILED' });
        expect(await resultOf(firstId)).toBe('REVERTED_SUCCESS');
        expect(await settledContents(topic)).toEqual([]);
        const [first] = await readAll(topic);
        expect(first?.sequenceNumber).toBe(1);
      });

      it('does not take an inner id twice', async () => {
        await freshTopic();
        const firstId = owner.nextTransactionId();
        const one = await owner.prepare([pay(payee, 1n), messageOf(topic, 'one')], { firstId, validSeconds: 15 });
        const two = await owner.prepare([pay(payee, 1n), messageOf(topic, 'two')], { firstId, validSeconds: 15 });
        expect(await owner.execute(one)).toMatchObject({ kind: 'done' });
        await stage.pass(20);
        expect(await owner.execute(two)).toMatchObject({ kind: 'never' });
        expect(await settledContents(topic)).toEqual(['one']);
      });
    });

    describeEscrow({
      stage: () => stage,
      owner: () => owner,
      freshTopic: () => freshTopic(),
      settledContents,
      eventually,
    });

    describe('a topic', () => {
      it('is followed without gaps, in order, with the authors that the network saw', async () => {
        const other = await stage.newAccount();
        await freshTopic();
        requireDone(await write(owner, topic, 'one'));
        const following = followed(topic, 4);
        requireDone(await write(other, topic, 'two'));
        requireDone(await write(owner, topic, 'three'));
        requireDone(await write(other, topic, 'four'));
        const seen = await following;
        expect(contents(seen)).toEqual(['one', 'two', 'three', 'four']);
        expect(seen.map(({ sequenceNumber }) => sequenceNumber)).toEqual([1, 2, 3, 4]);
        expect(seen.map(({ payer }) => payer)).toEqual([owner.account, other.account, owner.account, other.account]);
        for (const [index, { consensusTimestamp }] of seen.entries()) {
          expect(consensusTimestamp).toBeGreaterThan(seen[index - 1]?.consensusTimestamp ?? 0n);
        }
      });

      it('is followed on from a cursor, and shows the same to who reads', async () => {
        await freshTopic();
        for (const content of ['one', 'two', 'three']) requireDone(await write(owner, topic, content));
        const [first] = await followed(topic, 1);
        const rest = await followed(topic, 2, first);
        expect(contents(rest)).toEqual(['two', 'three']);
        const read = await eventually(
          () => readAll(topic, first),
          ({ length }) => length >= 2,
        );
        expect(read).toEqual(rest);
      });

      it('stops being followed when nobody wants it any more', async () => {
        await freshTopic();
        const stop = new AbortController();
        const end = (async () => {
          for await (const _ of owner.follow(topic, START, stop.signal));
          return 'ended';
        })();
        stop.abort();
        expect(await end).toBe('ended');
      });

      it('is named with its time in one list of what its author wrote, whatever the topic', async () => {
        const since = await owner.mirrorTime();
        const other = await stage.newAccount();
        const written: { readonly id: string; readonly topic: TopicId }[] = [];
        for (const content of ['one', 'two']) {
          const prepared = await owner.prepare([messageOf(await freshTopic(), content)]);
          requireDone(await owner.execute(prepared));
          written.push({ id: prepared.id, topic });
        }
        requireDone(await write(other, topic, 'foreign'));
        const listed = async (): Promise<ListedTransaction[]> => {
          const found: ListedTransaction[] = [];
          for await (const one of owner.messagesBy(owner.account, since)) found.push(one);
          return found.filter(({ topic: of }) => written.some((one) => one.topic === of));
        };
        const found = await eventually(listed, ({ length }) => length >= written.length);
        expect(found.map(({ id, topic: of }) => ({ id, topic: of }))).toEqual(written);
        for (const { topic: of, at } of found) expect((await readAll(of))[0]?.consensusTimestamp).toBe(at);
      });

      it('is read as a prefix, whatever comes meanwhile', async () => {
        await freshTopic();
        const writing = Promise.all(Array.from({ length: 8 }, (_, index) => write(owner, topic, String(index))));
        const reads: number[][] = [];
        await eventually(
          async () => {
            const found = await readAll(topic);
            reads.push(found.map(({ sequenceNumber }) => sequenceNumber));
            return found.length;
          },
          (length) => length === 8,
        );
        for (const outcome of await writing) expect(outcome.kind).toBe('done');
        for (const found of reads) expect(found).toEqual(found.map((_, index) => index + 1));
      });
    });

    describe('a scheduled message', () => {
      const inSeconds = (seconds: number): Nanos => stage.now() + BigInt(seconds) * NANOS_PER_SECOND;
      const scheduled = (memo: string, expiresAt: Nanos): Action => ({
        kind: 'schedule',
        topic,
        message: text(memo),
        expiresAt,
        memo,
      });
      const memos = async (of: Ledger) => (await of.waitingSchedules()).map(({ memo }) => memo);
      /** Time on a network passes with its transactions. */
      const expire = async (seconds: number) => {
        await stage.pass(seconds);
        requireDone(await write(owner, await stage.newTopic(owner), 'time passes'));
      };

      it('is posted by the network at its time, and known as its author\u2019s own', async () => {
        const agent = await stage.newAccount();
        await freshTopic();
        const expiresAt = inSeconds(30);
        const made = requireDone(await agent.execute(await agent.prepare([scheduled('lease', expiresAt)])));
        expect(made.scheduleId).toBeDefined();
        expect(
          await eventually(
            () => memos(agent),
            (found) => found.length > 0,
          ),
        ).toEqual(['lease']);
        expect(contents(await readAll(topic))).toEqual([]);
        await expire(35);
        const [posted] = await followed(topic, 1);
        expect(posted).toMatchObject({ payer: agent.account, sequenceNumber: 1 });
        expect(posted?.consensusTimestamp).toBeGreaterThanOrEqual((expiresAt / NANOS_PER_SECOND) * NANOS_PER_SECOND);
        const at = posted?.consensusTimestamp ?? 0n;
        expect(await eventually(() => owner.isOfOwnSchedule(agent.account, at), Boolean)).toBe(true);
        expect(await owner.isOfOwnSchedule(owner.account, at)).toBe(false);
        const listed: { readonly topic: TopicId; readonly at: Nanos }[] = [];
        for await (const one of owner.messagesBy(agent.account, at - 1n)) listed.push({ topic: one.topic, at: one.at });
        expect(listed).toContainEqual({ topic, at });
        expect(
          await eventually(
            () => memos(agent),
            (found) => found.length === 0,
          ),
        ).toEqual([]);
      });

      it('is not what somebody submitted himself', async () => {
        await freshTopic();
        requireDone(await write(owner, topic, 'submitted'));
        const [submitted] = await eventually(
          () => readAll(topic),
          ({ length }) => length > 0,
        );
        expect(await owner.isOfOwnSchedule(owner.account, submitted?.consensusTimestamp ?? 0n)).toBe(false);
      });

      it('is not posted when its author took it back; nobody else can, and nobody twice', async () => {
        const agent = await stage.newAccount();
        await freshTopic();
        const made = requireDone(await agent.execute(await agent.prepare([scheduled('lease', inSeconds(30))])));
        const { scheduleId } = made;
        if (scheduleId === undefined) throw new Error('no schedule in the receipt');
        const takeBack = async (by: Ledger) =>
          by.execute(await by.prepare([{ kind: 'unschedule', schedule: scheduleId }]));
        expect(await takeBack(owner)).toMatchObject({ kind: 'refused', status: 'INVALID_SIGNATURE' });
        expect(await takeBack(agent)).toMatchObject({ kind: 'done' });
        expect(await takeBack(agent)).toMatchObject({ kind: 'refused', status: 'SCHEDULE_ALREADY_DELETED' });
        await expire(35);
        expect(await settledContents(topic)).toEqual([]);
      });

      it('is not made a second time, nor for a time that has passed', async () => {
        const agent = await stage.newAccount();
        await freshTopic();
        const expiresAt = inSeconds(60);
        const make = async (at: Nanos) => agent.execute(await agent.prepare([scheduled('lease', at)]));
        expect(await make(expiresAt)).toMatchObject({ kind: 'done' });
        expect(await make(expiresAt)).toMatchObject({ kind: 'refused', status: 'IDENTICAL_SCHEDULE_ALREADY_CREATED' });
        expect(await make(inSeconds(-5))).toMatchObject({
          kind: 'refused',
          status: 'SCHEDULE_EXPIRATION_TIME_MUST_BE_HIGHER_THAN_CONSENSUS_TIME',
        });
      });
    });

    describe('the mirror\u2019s clock', () => {
      it('never goes back, and comes to show what was done', async () => {
        await freshTopic();
        const seen: Nanos[] = [];
        for (const content of ['one', 'two', 'three']) {
          requireDone(await write(owner, topic, content));
          seen.push(await owner.mirrorTime());
        }
        expect(seen).toEqual([...seen].sort((a, b) => (a < b ? -1 : 1)));
        const last = (await followed(topic, 3))[2]?.consensusTimestamp ?? 0n;
        const time = await eventually(
          () => owner.mirrorTime(),
          (at) => at >= last,
        );
        expect(time).toBeGreaterThanOrEqual(last);
      });
    });

    it('tells of many topics at once which were made by whom one thinks', async () => {
      const agent = await stage.newAccount();
      const [made, another] = [await stage.newTopic(agent, owner), await stage.newTopic(owner, owner)];
      const makers = new Map([made, another, topicId('0.0.999999999')].map((of) => [of, agent.account]));
      const found = await eventually(
        () => owner.topicsMadeBy(makers),
        ({ size }) => size > 0,
      );
      expect([...found]).toEqual([[made, await owner.topicCreation(made)]]);
    });
  });
}
