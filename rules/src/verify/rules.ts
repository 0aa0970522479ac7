/** Every rule that `verify` checks, with what holds when it is kept; docs/verify.md is compared with this table. */
export const RULES = {
  'message-missing': 'The sequence numbers of a topic have no gaps and begin at 1.',
  'message-order': 'Consensus timestamps of a topic rise with its sequence numbers.',
  'message-altered': "Each message's running hash follows from the one before, the message, its author and its time.",
  'inbox-submit-key': "Only the coordinator can write to an agent's inbox: its submit key is the coordinator's key.",
  'inbox-owner': "An agent's inbox is its own: the agent had created it when it announced it.",
  'run-reopened': 'A run is opened with one plan, token, number of tasks, gatekeeper, escrow and arbiter.',
  'assignment-missing': 'What is paid was assigned.',
  'assignment-author': 'What is paid was assigned by the coordinator that opened the run.',
  'result-missing': 'What is paid has a result.',
  'result-author': 'The result of what is paid came from the agent it was assigned to.',
  'result-failed': 'What is paid was reported as done, not as failed.',
  'result-before-assignment': 'A result came after its assignment.',
  'result-after-timeout': 'The result of what is paid came before the ledger told that its deadline had passed.',
  'in-time-rejected': 'Nothing was rejected as late before its deadline, nor when its result had come by then.',
  'verdict-missing': 'What is paid has a verdict.',
  'verdict-author':
    'The verdict on what is paid came from who judges: the gatekeeper of the run, or its coordinator if it has none.',
  'verdict-before-result': 'A verdict came after the result it judges.',
  'verdict-without-effect':
    'What is paid was accepted while its task was open: it had not been given up, nor another result of it accepted.',
  'rejected-paid': 'What is paid was accepted.',
  'paid-before-verdict': 'What is paid was accepted before.',
  'attempt-out-of-turn': 'An attempt of a task was assigned after all its earlier ones.',
  'attempt-paid-twice': 'An attempt is paid once.',
  'task-paid-twice': 'A task is paid once, a quorum task once for each member that agreed.',
  'quorum-disagrees': 'All paid members of a quorum are different agents with the same output.',
  'review-before-result': 'A review was assigned after the result it reviews.',
  'review-by-worker': 'No agent is paid both for work on a task and for a review of it.',
  'wrong-payee': 'The agent that was assigned is the one that is paid.',
  'wrong-amount': 'The amount paid is the price of the assignment.',
  'wrong-token': 'Assignments and payments of a run are in the token the run was opened with.',
  'settled-author': 'A payment is recorded by the coordinator that opened the run.',
  'settled-outside-batch': 'A payment record is part of an atomic batch.',
  'wrong-payer': 'What is paid leaves the escrow of the run, or the account of its coordinator if it has none.',
  'settled-elsewhere': 'The batch of a payment record writes to no other topic, where it could be recorded again.',
  'settled-without-transfer': 'The batch of a payment record moves the tokens it names to whom it names.',
  'transfer-amount': 'The tokens that moved in a batch are exactly those its records, of all runs together, name.',
  'custom-fee':
    'Custom fees that a payment brings with it are those of its token, no more, and the coordinator bears them.',
  'transfer-outside-batch':
    'Payment tokens leave who pays a run only within an atomic batch while it is open, and for 180 s after.',
  'transfer-unrecorded':
    'Every transfer of payment tokens from who pays a run while it is open, and for 180 s after, is recorded.',
  'transfer-id': 'The transfer a payment record names is the one in its batch.',
  'escrow-judge': 'What is paid was assigned under the judge that the run was opened with.',
  'escrow-key':
    'Nobody alone can pay: the key of the escrow is a list of the different keys of coordinator and gatekeeper, and of the arbiter if the run names one, and two must sign.',
  'escrow-token':
    'None of coordinator, gatekeeper and arbiter holds a key with which it could mint, take, freeze or change the payment token.',
  'dispute-transfer':
    'The schedule of a dispute pays only after the arbiter decided so: once, the price, to the agent of the attempt.',
  'dispute-unpaid': 'What the arbiter decided to pay was paid by the schedule of its dispute.',
  'dispute-paid':
    'Once the arbiter was asked about an attempt no batch pays it, but for what was under way: for 180 s.',
  'paid-before-open': 'A run pays nothing before it is opened.',
  'paid-after-close': 'A closed run pays nothing more.',
  'accepted-unpaid': 'A run that was closed as complete has paid all that was accepted.',
  'outcome-differs': 'A run was closed as complete exactly when all its tasks were accepted.',
  'task-count': 'No more tasks were assigned than the run was opened with.',
  'plan-digest': 'The run was opened with the given plan.',
  'plan-task': 'Every task that was assigned is in the plan, with its type, and to the agent it names.',
  'plan-price': 'Every task was assigned at the price in the plan.',
  'plan-order': 'A task was assigned only after all it depends on was accepted.',
  'plan-attempts': 'A task was not tried more often than the plan allows.',
  'plan-quorum': 'A task was accepted by as many agents as its quorum demands, and by no more than were asked.',
  'plan-state':
    "The coordinator's own fold of the records finds no fault with a payment and comes to the end and digest of run_closed.",
  'plan-budget': 'No more was paid than the plan allows.',
} as const satisfies Record<string, string>;

export type RuleId = keyof typeof RULES;

/** One violation of one rule. */
export interface Finding {
  readonly rule: RuleId;
  /** Run it is about; undefined for what concerns a whole topic. */
  readonly run: string | undefined;
  /** What it is about: `task#attempt`, a topic, a transaction. */
  readonly subject: string;
  /** What was found, in words. */
  readonly message: string;
}

/** Collects findings; the same one is kept once. */
export class Findings {
  readonly #found: (Finding | Findings)[] = [];

  add(rule: RuleId, run: string | undefined, subject: string, message: string): void {
    this.#found.push({ rule, run, subject, message });
  }

  /** What is added to a section stands here, whenever it is added. */
  section(): Findings {
    const section = new Findings();
    this.#found.push(section);
    return section;
  }

  get all(): readonly Finding[] {
    const found = new Map<string, Finding>();
    for (const one of this.#flat()) {
      const key = JSON.stringify([one.rule, one.run, one.subject, one.message]);
      if (!found.has(key)) found.set(key, one);
    }
    return [...found.values()];
  }

  *#flat(): Generator<Finding> {
    for (const one of this.#found) {
      if (one instanceof Findings) yield* one.#flat();
      else yield one;
    }
  }
}
