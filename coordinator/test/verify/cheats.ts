import type { AnyRecord } from '@gatepost/shared/records/schema';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import type { AccountId, TopicId } from '@gatepost/shared/vocabulary/ids';
import {
  AGENT_1,
  AGENT_2,
  COORDINATOR,
  type HistoryBuilder,
  INBOX_1,
  INBOX_2,
  INBOX_3,
  JOURNAL,
  OTHER_JOURNAL,
  OTHER_TOKEN,
  type RawMessage,
  type RawTransfer,
  STRANGER,
  TOKEN,
} from './history-builder.js';
import { honestRun, twoHonestRuns } from './honest-run.js';

/** Numbers from a seed (mulberry32), so that a case can be had again. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A history being edited. */
class Edited {
  constructor(
    readonly history: HistoryBuilder,
    readonly random: () => number,
  ) {}

  pick<T>(from: readonly T[]): T | undefined {
    return from[Math.floor(this.random() * from.length)];
  }

  number(below: number): number {
    return Math.floor(this.random() * below);
  }

  get message(): RawMessage | undefined {
    return this.pick(this.history.messages);
  }

  get settled(): RawMessage | undefined {
    return this.pick(this.history.messages.filter(({ records }) => records[0]?.type === 'settled'));
  }

  get transfer(): RawTransfer | undefined {
    return this.pick(this.history.transfers);
  }

  /** Some time of the history, between its messages, or a while after its end. */
  get time(): bigint {
    const at = this.pick(this.history.messages)?.at ?? 0n;
    return at + (this.pick([-300_000_000n, 300_000_000n, 1_000n, 60_000_000_000n]) ?? 0n);
  }
}

const ACCOUNTS: readonly AccountId[] = [COORDINATOR, AGENT_1, AGENT_2, STRANGER];
const TOPICS: readonly TopicId[] = [JOURNAL, INBOX_1, INBOX_2, INBOX_3, OTHER_JOURNAL];

const copy = <T>(value: T): T => structuredClone(value);

function editRecord(message: RawMessage | undefined, change: (record: Record<string, unknown>) => void): void {
  if (message === undefined) return;
  message.records = message.records.map((record) => {
    const edited = copy(record) as unknown as Record<string, unknown>;
    change(edited);
    return edited as unknown as AnyRecord;
  });
}

/** What may be written into a field instead of what is there; only fields that a record has are changed. */
const FIELDS: Readonly<Record<string, (edited: Edited) => unknown>> = {
  task: (edited) => edited.pick(['a', 'b', 'q', 'c', 'free', '1~c', 'new']),
  attempt: (edited) => 1 + edited.number(3),
  price: (edited) => edited.pick(['0', '5', '10', '30', '50', '100', '101']),
  amount: (edited) => edited.pick(['1', '5', '10', '30', '50', '100', '200']),
  to: (edited) => edited.pick(ACCOUNTS),
  token: (edited) => edited.pick([TOKEN, OTHER_TOKEN]),
  outcome: (edited) => edited.pick(['ok', 'failed', 'complete', 'cancelled']),
  output_sha256: (edited) => edited.pick([sha256('x'), sha256('q'), sha256('a')]),
  accepted: (edited) => edited.pick([true, false]),
  gate: (edited) =>
    edited.pick(['command', 'quorum', 'none', 'deadline', 'lost', 'result', 'budget', 'review-accepts']),
  deadline_ms: (edited) => edited.pick([1, 1_700_000_010_000, 1_800_000_000_000]),
  tasks: (edited) => 1 + edited.number(7),
  inbox: (edited) => edited.pick([INBOX_1, INBOX_2, INBOX_3]),
  task_type: (edited) => edited.pick(['work', 'review', 'play']),
  transfer: (edited) => edited.pick([undefined, edited.transfer?.id]),
};

function changeField(edited: Edited, message: RawMessage | undefined): void {
  editRecord(message, (record) => {
    const payments = record.payments as Record<string, unknown>[] | undefined;
    const target = payments === undefined || edited.random() < 0.2 ? record : (edited.pick(payments) ?? record);
    const field = edited.pick(Object.keys(target).filter((name) => name in FIELDS));
    if (field !== undefined) target[field] = FIELDS[field]?.(edited);
  });
}

/** The ways to edit a history. Each is one thing that a cheating coordinator, or whoever helps it, could do. */
export const EDITS: Readonly<Record<string, (edited: Edited) => void>> = {
  'drop a message': ({ history, message }) => {
    if (message !== undefined) history.remove(message);
  },
  'drop a transfer': ({ history, transfer }) => {
    if (transfer !== undefined) history.transfers.splice(history.transfers.indexOf(transfer), 1);
  },
  'repeat a message': (edited) => {
    const { message } = edited;
    if (message !== undefined) edited.history.messages.push({ ...copy(message), at: edited.time, batch: undefined });
  },
  'repeat a record within its batch': ({ history, settled }) => {
    if (settled !== undefined) history.messages.push({ ...copy(settled), at: settled.at + 10n });
  },
  'repeat a payment with its transfer': (edited) => {
    const { settled, history, time } = edited;
    const transfer = history.transfers.find(({ batch }) => batch === settled?.batch);
    if (settled === undefined || transfer === undefined) return;
    const id = edited.random() < 0.5 ? transfer.id : (`${COORDINATOR}@1.${edited.number(1e9)}` as RawTransfer['id']);
    history.transfers.push({ ...copy(transfer), at: time + 10n, batch: time, id });
    const again = { ...copy(settled), at: time + 20n, batch: time };
    editRecord(again, (record) => {
      record.transfer = id;
    });
    history.messages.push(again);
  },
  'record a payment for another run too': (edited) => {
    const { settled, history } = edited;
    if (settled === undefined) return;
    const run = edited.pick(['run-1', 'run-2', 'run-3']);
    history.messages.push({ ...copy(settled), run, at: settled.at + 10n });
  },
  'record a payment on another journal too': ({ history, settled }) => {
    if (settled !== undefined) history.messages.push({ ...copy(settled), topic: OTHER_JOURNAL, at: settled.at + 10n });
  },
  'move a message in time': (edited) => {
    const { message } = edited;
    if (message !== undefined) Object.assign(message, { at: edited.time, batch: undefined });
  },
  'move a payment in time': (edited) => {
    const { settled, history, time } = edited;
    for (const one of [...history.messages, ...history.transfers]) {
      if (one.batch === undefined || one.batch !== settled?.batch || one === settled) continue;
      Object.assign(one, { at: time + (one.at - one.batch), batch: time });
    }
    if (settled !== undefined) Object.assign(settled, { at: time + 20n, batch: time });
  },
  'take a transfer out of its batch': (edited) => {
    const { transfer } = edited;
    if (transfer !== undefined) Object.assign(transfer, { batch: undefined, at: edited.time });
  },
  'take a record out of its batch': ({ settled }) => {
    if (settled !== undefined) settled.batch = undefined;
  },
  'move a message to another topic': (edited) => {
    const { message } = edited;
    if (message !== undefined) message.topic = edited.pick(TOPICS) ?? JOURNAL;
  },
  'move a message to another run': (edited) => {
    const { message } = edited;
    if (message !== undefined) message.run = edited.pick(['run-1', 'run-2', 'run-3']);
  },
  'forge an author': (edited) => {
    const { message } = edited;
    if (message !== undefined) message.payer = edited.pick(ACCOUNTS) ?? STRANGER;
  },
  'change a field': (edited) => changeField(edited, edited.message),
  'change a payment': (edited) => changeField(edited, edited.settled),
  'rename a task in all its records': (edited) => {
    const [from, to] = [FIELDS.task?.(edited), FIELDS.task?.(edited)];
    for (const message of edited.history.messages) {
      editRecord(message, (record) => {
        if (record.task === from) record.task = to;
        for (const payment of (record.payments ?? []) as Record<string, unknown>[]) {
          if (payment.task === from) payment.task = to;
        }
      });
    }
  },
  'merge two payments into one batch': (edited) => {
    const { history } = edited;
    const [first, second] = [edited.settled, edited.settled];
    if (first?.batch === undefined || second?.batch === undefined || first === second) return;
    const { batch } = first;
    for (const one of [...history.messages, ...history.transfers]) {
      if (one.batch === second.batch) Object.assign(one, { batch, at: batch + (one.at - second.batch) + 100n });
    }
  },
  'let two payments share a transfer': (edited) => {
    const { history } = edited;
    const [first, second] = [edited.settled, edited.settled];
    const transfer = history.transfers.find(({ batch }) => batch === first?.batch);
    if (first?.batch === undefined || second === undefined || first === second) return;
    history.transfers.splice(0, history.transfers.length, ...history.transfers.filter((t) => t.batch !== second.batch));
    Object.assign(second, { batch: first.batch, at: first.batch + 40n });
    editRecord(second, (record) => {
      record.transfer = transfer?.id;
    });
  },
  'split a payment record': ({ history, settled }) => {
    const record = settled?.records[0];
    if (settled === undefined || record?.type !== 'settled' || record.payments.length < 2) return;
    history.messages.push({
      ...copy(settled),
      at: settled.at + 10n,
      records: [{ ...record, payments: record.payments.slice(1) }],
    });
    settled.records = [{ ...record, payments: record.payments.slice(0, 1) }];
  },
  // What one side gets the other loses, token by token: the network takes no other transfer.
  'change what moves': (edited) => {
    const moves = edited.transfer?.tokenTransfers ?? [];
    const move = edited.pick(moves);
    const other = move && moves[moves.indexOf(move) ^ 1];
    if (move === undefined || other === undefined) return;
    const [change, opposite] = edited.pick<[Partial<typeof move>, Partial<typeof move>]>([
      [{ amount: move.amount * 2n }, { amount: other.amount * 2n }],
      [{ amount: move.amount + 1n }, { amount: other.amount - 1n }],
      [{ account: edited.pick([...ACCOUNTS, edited.history.treasury]) ?? STRANGER }, {}],
      [{ token: OTHER_TOKEN }, { token: OTHER_TOKEN }],
    ]) ?? [{}, {}];
    Object.assign(move, change);
    Object.assign(other, opposite);
  },
  'send tokens beside the run': (edited) => {
    const { history, time } = edited;
    const inBatch = edited.random() < 0.5;
    const from = edited.random() < 0.8 ? COORDINATOR : history.treasury;
    const to = edited.pick([AGENT_1, AGENT_2, STRANGER]) ?? STRANGER;
    const transfer = history.transfer(from, [{ to, amount: 10 }], inBatch ? time : undefined);
    transfer.at = time + 10n;
  },
  'pay more in a batch': (edited) => {
    const to = edited.pick([AGENT_1, AGENT_2, STRANGER]) ?? STRANGER;
    edited.transfer?.tokenTransfers.push(
      { token: TOKEN, account: to, amount: 7n },
      { token: TOKEN, account: COORDINATOR, amount: -7n },
    );
  },
};

/** One case: the edited history and what was done to it. */
export interface Cheat {
  readonly history: HistoryBuilder;
  readonly edits: readonly string[];
}

/** The history that a seed stands for: an honest one, edited one to three times. */
export function cheatOf(seed: number): Cheat {
  const random = seeded(seed);
  const history = random() < 0.5 ? honestRun() : twoHonestRuns();
  if (random() < 0.3) history.treasury = STRANGER;
  const edited = new Edited(history, random);
  const names = Object.keys(EDITS);
  const edits = Array.from({ length: 1 + edited.number(3) }, () => edited.pick(names) ?? '');
  for (const name of edits) EDITS[name]?.(edited);
  separate(history);
  return { history, edits };
}

/** On a ledger no two things happen at one time. */
function separate({ messages, transfers }: HistoryBuilder): void {
  const taken = new Set<bigint>();
  for (const one of [...transfers, ...messages].sort((a, b) => Number(a.at - b.at))) {
    while (taken.has(one.at)) one.at += 1n;
    taken.add(one.at);
  }
}
