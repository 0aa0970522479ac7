/** A change to a built module. */
export interface Patch {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A mistake that the simulation must notice. */
export interface PlantedBug {
  readonly name: string;
  /** Where looking for it begins. */
  readonly from: number;
  /** Whether there is a gatekeeper. */
  readonly withGatekeeper?: boolean;
  readonly patches: readonly Patch[];
}

const bug = (name: string, from: number, ...patches: readonly (readonly [string, string, string])[]): PlantedBug => ({
  name,
  from,
  patches: patches.map(([file, find, replace]) => ({ file, find, replace })),
});

const ofGatekeeper = (...of: Parameters<typeof bug>): PlantedBug => ({ ...bug(...of), withGatekeeper: true });

const SESSIONS = 'gatekeeper/dist/core/sessions.js';
const COSIGNING = 'gatekeeper/dist/core/cosigning.js';
const SETTLER = 'coordinator/dist/shell/ledger/settler.js';
const RUN_WORK = 'coordinator/dist/shell/run/run-work.js';
const SIGHT = 'coordinator/dist/shell/run/ledger-sight.js';
const COORDINATION = 'coordinator/dist/shell/run/coordination.js';
const FEED = 'party/dist/ledger/ledger-feed.js';
const WRITER_LIST = 'party/dist/ledger/writer-list.js';
const DECIDE = 'coordinator/dist/core/decide/decide.js';
const ENDINGS = 'coordinator/dist/core/decide/endings.js';
const SETTLEMENTS = 'coordinator/dist/core/decide/settlements.js';
const IN_FLIGHT = 'coordinator/dist/core/effects/in-flight.js';
const UNTIL_KNOWN = 'shared/dist/ledger/execute-until-known.js';
const NETWORK = 'shared/dist/ledger/memory-network.js';
const LEDGER = 'shared/dist/ledger/memory/memory-ledger.js';
const EXECUTION = 'shared/dist/ledger/memory/execution.js';
const AGENT_LIFE = 'rules/dist/fold/agent-life.js';
const VERDICT = 'rules/dist/fold/verdict.js';
const TRANSITIONS = 'rules/dist/fold/transitions.js';
const REDUCE = 'rules/dist/fold/reduce.js';

const SETTLE_ALL = 'return this.#settle(payments, await this.parts.guards.of(payments));';
const LOOK_AGAIN = 'attemptAt(state.tasks.get(payment.task), payment.attempt)?.payment !== undefined';
const IS_KNOWN = "if (outcome.kind !== 'unknown' || options.signal?.aborted === true)";

export const PLANTED_BUGS: readonly PlantedBug[] = [
  bug(
    'all payments of a split settlement are released when one of them fails',
    1,
    [
      SETTLER,
      SETTLE_ALL,
      `const became = await this.#settle(payments, []); return became.some(({ became: one }) => one.kind !== 'done') ? all(payments, { kind: 'never', why: 'split' }) : became;`,
    ],
    [RUN_WORK, LOOK_AGAIN, 'false'],
    [RUN_WORK, 'settled.has(paymentKey(payment))', 'false'],
  ),
  bug('an outcome that is not known ends the process', 1, [
    UNTIL_KNOWN,
    IS_KNOWN,
    `if (outcome.kind === 'unknown' && options.signal?.aborted !== true) throw new Error('no healthy node');\n        ${IS_KNOWN}`,
  ]),
  bug('an outcome that is not known is taken for one that never was', 10_440, [
    UNTIL_KNOWN,
    IS_KNOWN,
    `if (outcome.kind === 'unknown') return { ...outcome, kind: 'never' };\n        ${IS_KNOWN}`,
  ]),
  bug('deadlines are judged by the clock of the process', 1, [
    ENDINGS,
    'if (nanosFromMs(due.deadlineMs) >= journalAt)',
    'if (due.deadlineMs >= pass.nowMs)',
  ]),
  bug(
    'transaction ids are whole milliseconds, and a duplicate is always believed to be one\u2019s own',
    1,
    [
      LEDGER,
      'const candidate = start + BigInt(Math.floor(random() * NANOS_PER_MS));',
      'const candidate = (start / 1_000_000_000n) * 1_000_000_000n;',
    ],
    [LEDGER, 'this.#lastStart + step;', 'this.#lastStart + 1n;'],
    [EXECUTION, "if (said.kind === 'taken')", "if (said.kind === 'taken' || said.kind === 'duplicate')"],
    [
      EXECUTION,
      'const ours = found.bytes !== undefined && Buffer.compare(found.bytes, bytes) === 0;',
      'const ours = true;',
    ],
  ),
  bug('nothing is quarantined after a take-over', 2_218, [
    SETTLEMENTS,
    'return acceptedAt < takenOverAt && ownRecordAt <= takenOverAt + window;',
    'return false;',
  ]),
  bug(
    'a fenced coordinator goes on',
    24,
    [RUN_WORK, 'fenced: newest?.instance !== all.acting.instance,', 'fenced: false,'],
    [COORDINATION, 'if (this.#begun && this.#lives.epoch?.instance !== this.#identity?.instance)', 'if (false)'],
    [DECIDE, 'seen.begun && state.epoch.instance !== seen.instance;', 'false;'],
    [DECIDE, 'const mayAct = state.epoch?.instance === seen.instance;', 'const mayAct = state.epoch !== undefined;'],
  ),
  bug('what the stream brought is dropped while REST is read', 81, [
    FEED,
    "if (by !== 'rest')",
    "if (by === 'rest') this.#streamed.length = 0; else",
  ]),
  bug('who speaks of an attempt before it is assigned holds up everything', 489, [
    FEED,
    'const unread = (...of) => awaits(...of) && !this.#holdsAssignment(...of);',
    'const unread = awaits;',
  ]),
  bug('what the stream brings is handed on before what was sent earlier is known', 2_100, [
    FEED,
    'if (sentAfter === undefined)',
    'if (true)',
  ]),
  bug('an inbox is taken for empty to which a process before this one wrote', 1, [
    WRITER_LIST,
    '&& !this.#named.has(topic)',
    '',
  ]),
  bug('before its epoch a successor reads no inboxes', 1_133, [SIGHT, 'if (!begun)', 'if (false)']),
  bug('twice the price is paid', 1, [
    SETTLER,
    'return [...totals].map(([to, amount]) => ({ to, amount }));',
    'return [...totals].map(([to, amount]) => ({ to, amount: 2n * amount }));',
  ]),
  bug('a payment is made without its record', 1, [
    SETTLER,
    'ledger.prepare(actions, terms)',
    'ledger.prepare(actions.slice(0, 1), terms)',
  ]),
  bug('the second half of a split settlement is forgotten', 1, [
    SETTLER,
    'return [...first, ...(await this.#settle(groups.slice(middle).flat(), []))];',
    'return first;',
  ]),
  bug('the wrong agent is paid', 1, [
    SETTLEMENTS,
    'to: attempt.agent, amount',
    'to: [...pass.state.agents.keys()].at(-1), amount',
  ]),
  bug('what never happened is not asked for again', 1, [
    IN_FLIGHT,
    "if (became.kind === 'never') {",
    "if (became.kind === 'never') return;\n        if (became.kind === 'never') {",
  ]),
  bug('a record that came back does not end its effect', 1, [
    IN_FLIGHT,
    'for (const key of effectsOf(entry)) {',
    'for (const key of []) {',
  ]),
  bug('a run is closed before all is paid', 1, [DECIDE, 'if (state.payable.size === 0) {', 'if (true) {']),
  bug('a payment does not make an attempt paid', 1, [TRANSITIONS, 'state.payable.delete(attempt);', '']),
  bug(
    'an inbox belongs to who announces it first',
    1,
    [
      AGENT_LIFE,
      'if (entry.ofOwnInbox !== true)',
      'if ((state.inboxes.get(record.inbox) ?? entry.author) !== entry.author)',
    ],
    [FEED, 'return isOwnTopic(this.#creations.of(inbox), author, at);', 'return true;'],
  ),
  bug(
    'a review outlives what it reviews',
    82_430,
    [VERDICT, 'endReview(state, task, attempt, emit);', ''],
    [VERDICT, 'if (isReviewed(state, task)) {', 'if (false) {'],
  ),
  bug('anybody may write any record', 1, [REDUCE, 'if (!mayWrite(context, entry.author, rule.author))', 'if (false)']),
  bug('records are folded in the wrong order', 1, [
    FEED,
    'a.consensusTimestamp < b.consensusTimestamp ? -1 : 1',
    'a.consensusTimestamp < b.consensusTimestamp ? 1 : -1',
  ]),
  bug('a run that is over is not closed', 1, [DECIDE, 'if (state.payable.size === 0) {', 'if (false) {']),
  bug('a batch that fails is not taken back', 1, [NETWORK, 'undo?.();', '']),
  ofGatekeeper('a gatekeeper does not wait for what its predecessor signed', 325, [
    SESSIONS,
    "return readUntil <= this.#quietUntil ? 'predecessor' : undefined;",
    'return undefined;',
  ]),
  ofGatekeeper('a gatekeeper forgets what it signed', 90, [
    COSIGNING,
    'if (living !== undefined && living.digest !== batch.digest) {',
    'if (false) {',
  ]),
  ofGatekeeper('a gatekeeper takes what it signed for over before it is', 90, [
    COSIGNING,
    'if (isSettled(state, key) || readUntil > living.validUntil)',
    'if (isSettled(state, key) || readUntil > living.validUntil - 60000000000n)',
  ]),
];
