import { planDigest } from '@gatepost/rules/plan/digest';
import type { PlanTask } from '@gatepost/rules/plan/plan';
import { taskNamesOf } from '@gatepost/rules/plan/task-numbers';
import type { Action } from '@gatepost/shared/ledger/ledger';
import { cosigned, unsignedBatch } from '@gatepost/shared/ledger/memory/cosigning';
import { type Envelope, type Part, seal } from '@gatepost/shared/ledger/memory/envelope';
import { packRecords } from '@gatepost/shared/records/codec';
import { type AccountId, type TransactionId, transactionId } from '@gatepost/shared/vocabulary/ids';
import { NANOS_PER_SECOND, type Nanos } from '@gatepost/shared/vocabulary/time';
import type { SimulatedGatekeeper } from '../simulation/gatekeeper.js';
import { readOtherwise } from './real-bytes.js';
import type { HostileStage } from './stage.js';

/** What the hostile coordinator tries; each is one attempt to get something. */
export const ATTACKS = [
  'pay what is due',
  'another amount',
  'another payee',
  'work that nobody accepted',
  'a forged verdict',
  'the same twice in one batch',
  'the same at another process',
  'an old request again',
  'a start to come',
  'a window too long',
  'no record',
  'a record of another amount',
  'a record of another run',
  'a record on another topic',
  'a record of another token',
  'a verdict beside the record',
  'another source',
  'another payer',
  'another batch key',
  'another plan',
  'a signature in another batch',
  'a signature without its record',
  'the signed transfer alone',
  'a transfer with one key',
  'signed bytes again',
] as const;

export type Attack = (typeof ATTACKS)[number];

/** A batch that was signed. */
interface Got {
  readonly envelope: Envelope;
  readonly bytes: Uint8Array;
}

interface Wish {
  readonly task: string;
  readonly attempt: number;
  readonly to: AccountId;
  readonly amount: bigint;
}

const WINDOW_SECONDS = 120;

/** A coordinator that uses its key as it likes. It has no other: what the gatekeeper signs it must be given. */
export class HostileCoordinator {
  readonly got: Got[] = [];
  readonly #asked: Envelope[] = [];
  /** Attempts that were delivered, right or wrong. */
  readonly delivered: { readonly task: PlanTask; readonly attempt: number; readonly agent: AccountId }[] = [];
  #ids = 0n;

  constructor(readonly stage: HostileStage) {}

  /** Whether no further attempt of a task is wanted. */
  isDone(task: string): boolean {
    return this.delivered.filter((one) => one.task.id === task).length >= 3;
  }

  async try(attack: Attack): Promise<void> {
    const { random, mule } = this.stage;
    const wish = this.#wish();
    if (wish === undefined) return;
    switch (attack) {
      case 'pay what is due':
        return this.#ask(await this.#batch([wish]));
      case 'another amount':
        return this.#ask(await this.#batch([{ ...wish, amount: wish.amount + BigInt(random.whole(1, 9)) }]));
      case 'another payee':
        return this.#ask(await this.#batch([{ ...wish, to: random.chance(0.5) ? mule : this.stage.owner }]));
      case 'work that nobody accepted':
        return this.#ask(await this.#batch([{ ...wish, attempt: wish.attempt + random.whole(1, 3) }]));
      case 'a forged verdict':
        return this.#forge(wish);
      case 'the same twice in one batch':
        return this.#ask(await this.#batch([wish, wish]));
      case 'the same at another process':
        return this.#everywhere(wish);
      case 'an old request again':
        return this.#ask(this.#asked.length === 0 ? await this.#batch([wish]) : random.pick(this.#asked));
      case 'a start to come':
        return this.#ask(await this.#batch([wish], { startsIn: BigInt(random.whole(1, 900)) * NANOS_PER_SECOND }));
      case 'a window too long':
        return this.#ask(await this.#batch([wish], { validSeconds: random.whole(181, 9_999) }));
      case 'no record':
        return this.#ask(onlyFirst(await this.#batch([wish])));
      case 'a record of another amount':
        return this.#ask(await this.#batch([{ ...wish, amount: wish.amount + 1n }], { recorded: [wish] }));
      case 'a record of another run':
        return this.#ask(await this.#batch([wish], { run: 'another-1' }));
      case 'a record on another topic':
        return this.#ask(await this.#batch([wish], { topic: this.stage.agents[0]?.inbox }));
      case 'a record of another token':
        return this.#ask(await this.#batch([wish], { token: '0.0.77' }));
      case 'a verdict beside the record':
        return this.#ask(withPart(await this.#batch([wish]), this.#verdictPart(wish)));
      case 'another source':
        return this.#ask(changeFirst(await this.#batch([wish]), { from: this.stage.owner }));
      case 'another payer': {
        const batch = await this.#batch([wish]);
        return this.#ask({ ...batch, payer: mule, id: batch.id.replace(/^[^@]+/, mule) as TransactionId });
      }
      case 'another batch key':
        return this.#ask(changeFirst(await this.#batch([wish]), { batchKey: this.stage.owner }));
      case 'another plan':
        return this.#anotherPlan();
      default:
        return this.#withoutAsking(attack, wish);
    }
  }

  /** What is done with signatures that it has, or without any. */
  async #withoutAsking(attack: Attack, wish: Wish): Promise<void> {
    const { random } = this.stage;
    const old = this.got.length === 0 ? undefined : random.pick(this.got);
    const fresh = await this.#batch([{ ...wish, to: this.stage.mule }]);
    if (attack === 'a transfer with one key') {
      return this.#submit(seal(random.chance(0.5) ? fresh : { ...fresh, parts: fresh.parts.map(plain) }));
    }
    if (old === undefined) return;
    const [transfer] = old.envelope.parts;
    if (transfer === undefined) return;
    const { cosigned: outer = '' } = old.envelope;
    if (attack === 'signed bytes again') return this.#submit(old.bytes);
    if (attack === 'a signature in another batch') {
      const [mine, ...others] = fresh.parts;
      if (mine === undefined) return;
      const signed = random.chance(0.5) ? transfer : { ...mine, cosigned: transfer.cosigned ?? '' };
      return this.#submit(seal({ ...fresh, parts: [signed, ...others], cosigned: outer }));
    }
    if (attack === 'a signature without its record') {
      return this.#submit(seal({ ...old.envelope, parts: [transfer] }));
    }
    const { payer, validSeconds } = old.envelope;
    return this.#submit(seal({ id: transfer.id, payer, validSeconds, parts: [transfer], cosigned: outer }));
  }

  /** Something that was delivered, at its price. */
  #wish(): Wish | undefined {
    const { random } = this.stage;
    if (this.delivered.length === 0) return undefined;
    const { task, attempt, agent } = random.pick(this.delivered);
    return { task: task.id, attempt, to: agent, amount: task.price };
  }

  async #batch(
    wishes: readonly Wish[],
    change: {
      readonly startsIn?: Nanos;
      readonly validSeconds?: number;
      readonly recorded?: readonly Wish[];
      readonly run?: string;
      readonly topic?: Envelope['payer'] | string | undefined;
      readonly token?: string;
    } = {},
  ): Promise<Envelope> {
    const { stage } = this;
    const { validSeconds = WINDOW_SECONDS, recorded = wishes, run = stage.run, startsIn = 0n } = change;
    const start = (await stage.ledger.mirrorTime()) + startsIn;
    const transferId = this.#id(start);
    const payments = recorded.map((one) => ({ ...one, amount: one.amount.toString() }));
    const record = { type: 'settled' as const, token: change.token ?? stage.token, transfer: transferId, payments };
    const topic = (change.topic ?? stage.journal) as HostileStage['journal'];
    const actions: Action[] = [
      { kind: 'transfer', token: stage.token, payees: payeesOf(wishes) },
      ...packRecords(run, [record], taskNamesOf(stage.plan)).map(
        (message): Action => ({ kind: 'message', topic, message }),
      ),
    ];
    const { account: batchKey, escrow: from } = stage.gatekeeper;
    const parts = actions.map((action, index): Part => {
      const id = index === 0 ? transferId : this.#id(start);
      return { id, action, batchKey, ...(index === 0 ? { from } : {}) };
    });
    return { id: this.#id(start), payer: stage.owner, validSeconds, parts };
  }

  /** Ids of its own account, never one twice, and not later than a time. */
  #id(start: Nanos): TransactionId {
    this.#ids += 1n;
    return transactionId(this.stage.owner, start - this.#ids);
  }

  #processes(): readonly SimulatedGatekeeper[] {
    return this.stage.gatekeeper.processes;
  }

  async #ask(envelope: Envelope, process = this.#any()): Promise<void> {
    if (process === undefined) return;
    this.#asked.push(envelope);
    const otherwise = readOtherwise(envelope, this.stage.gatekeeper.account);
    if (otherwise !== undefined) this.stage.defects.push(otherwise);
    const { inner, outer } = unsignedBatch(envelope);
    const { id: transactionId, validSeconds, node: nodeAccountId, maxFeeTinybar } = outer;
    const fields = { transactionId, validSeconds, nodeAccountId, maxFeeTinybar };
    const { answer } = await process.cosign({
      run: this.stage.run,
      inner: inner.map((bytes) => Buffer.from(bytes)),
      outer: fields,
    });
    if (answer?.$case !== 'cosignature') return;
    const signed = cosigned(envelope, answer.value);
    this.got.push({ envelope: signed, bytes: seal(signed) });
    // At once, later, or never.
    if (this.stage.random.chance(0.6)) this.#submit(seal(signed));
  }

  #any(): SimulatedGatekeeper | undefined {
    const processes = this.#processes();
    return processes.length === 0 ? undefined : this.stage.random.pick(processes);
  }

  async #everywhere(wish: Wish): Promise<void> {
    for (const process of this.#processes()) await this.#ask(await this.#batch([wish]), process);
  }

  async #forge(wish: Wish): Promise<void> {
    const { stage } = this;
    const { task, attempt } = wish;
    const said = { task, attempt, accepted: true, gate: 'schema', reason: 'I say so' };
    await stage.say(stage.ledger, stage.journal, { type: 'verdict', ...said });
    await this.#ask(await this.#batch([wish]));
  }

  #verdictPart({ task, attempt }: Wish): Part {
    const { stage } = this;
    const record = { type: 'verdict' as const, task, attempt, accepted: true, gate: 'schema', reason: '' };
    const [message = Buffer.alloc(0)] = packRecords(stage.run, [record], taskNamesOf(stage.plan));
    const action: Action = { kind: 'message', topic: stage.journal, message };
    return { id: this.#id(1_800_000_000_000_000_000n), action, batchKey: stage.gatekeeper.account };
  }

  /** Hands over a plan of other gates and prices for the same run. */
  async #anotherPlan(): Promise<void> {
    const { plan, run } = this.stage;
    const content = {
      ...plan,
      tasks: plan.tasks.map((task) => ({ ...task, price: 999n, gates: [{ kind: 'none' as const }] })),
    };
    const claimed = this.stage.random.chance(0.5) ? plan.digest : planDigest(content);
    await this.#any()
      ?.provide(run, { ...content, digest: claimed })
      .catch(() => undefined);
  }

  #submit(bytes: Uint8Array): void {
    this.stage.network.submit(bytes);
  }
}

const plain = ({ batchKey: _, ...part }: Part): Part => part;

const onlyFirst = (envelope: Envelope): Envelope => ({ ...envelope, parts: envelope.parts.slice(0, 1) });

const withPart = (envelope: Envelope, part: Part): Envelope => ({ ...envelope, parts: [...envelope.parts, part] });

function changeFirst(envelope: Envelope, change: Partial<Part>): Envelope {
  return { ...envelope, parts: envelope.parts.map((part, index) => (index === 0 ? { ...part, ...change } : part)) };
}

function payeesOf(wishes: readonly Wish[]): { to: AccountId; amount: bigint }[] {
  const totals = new Map<AccountId, bigint>();
  for (const { to, amount } of wishes) totals.set(to, (totals.get(to) ?? 0n) + amount);
  return [...totals].map(([to, amount]) => ({ to, amount }));
}
