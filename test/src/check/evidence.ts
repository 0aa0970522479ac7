import type { MirrorTruth, SeenRecord, TransactionEntry } from './mirror-truth.js';
import { idsOf, withIds } from './read-message.js';

/** Who took part, and where. */
export interface Parties {
  readonly journal: string;
  readonly token: string;
  readonly coordinator: string;
  readonly agents: readonly string[];
}

/** An assignment, as an inbox shows it. */
export interface Assignment {
  readonly agent: string;
  readonly task: string;
  readonly attempt: number;
  readonly price: bigint;
  readonly token: string;
  readonly deadlineMs: number;
  readonly at: bigint;
}

/** Everything the mirror shows of one run, oldest first. */
export interface Evidence {
  readonly parties: Parties;
  readonly run: string;
  /** Every record of every run on the journal. */
  readonly journal: readonly SeenRecord[];
  /** Records of this run on the journal. */
  readonly records: readonly SeenRecord[];
  readonly assignments: readonly Assignment[];
  /** Successful transactions that moved the token or wrote to the journal as part of a batch. */
  readonly transactions: readonly TransactionEntry[];
  readonly supply: Awaited<ReturnType<MirrorTruth['supply']>>;
}

/** Reads an inbox that an agent announced; only what the coordinator wrote there counts. */
async function assignmentsOf(
  truth: MirrorTruth,
  { coordinator }: Parties,
  run: string,
  inbox: string,
): Promise<SeenRecord[]> {
  const records = await truth.records(inbox);
  return records.filter(({ type, author, run: of }) => type === 'assign' && author === coordinator && of === run);
}

const assignmentOf = (agent: string, record: SeenRecord): Assignment => ({
  agent,
  task: String(record.task),
  attempt: Number(record.attempt),
  price: BigInt(String(record.price)),
  token: String(record.token),
  deadlineMs: Number(record.deadline_ms),
  at: record.at,
});

/** Collects what the mirror shows of the run with this name; undefined when it was never opened. */
export async function gather(truth: MirrorTruth, parties: Parties, name: string): Promise<Evidence | undefined> {
  const journal = await truth.records(parties.journal);
  const opening = journal.find(
    (record) => record.type === 'run_opened' && record.author === parties.coordinator && record.name === name,
  );
  if (opening?.run === undefined) return undefined;
  const { run } = opening;
  const inboxes = new Map<string, string>();
  for (const { type, author, inbox } of journal) {
    if (type === 'online' && parties.agents.includes(author)) inboxes.set(String(inbox), author);
  }
  const given = await Promise.all(
    [...inboxes].map(async ([inbox, agent]) => ({ agent, records: await assignmentsOf(truth, parties, run, inbox) })),
  );
  const assignments = given.flatMap(({ agent, records }) => records.map((record) => assignmentOf(agent, record)));
  const ids = idsOf(given.flatMap(({ records }) => records));
  const transactions = await truth.transactions(parties.coordinator);
  return {
    parties,
    run,
    journal,
    records: journal.filter((record) => record.run === run).map((record) => withIds(record, ids)),
    assignments: assignments.sort((a, b) => (a.at < b.at ? -1 : 1)),
    transactions: transactions.filter(({ result }) => result === 'SUCCESS'),
    supply: await truth.supply(parties.token),
  };
}
