// Reports of runs that never were, of any size, always the same for the same words.

const OPENED = 1_790_000_000;
const SECOND = 1;
const JOURNAL = '0.0.3001';
const COORDINATOR = '0.0.1001';

/** Numbers from 0 to below `end` that look like chance (a linear congruential generator). */
function dice(seed) {
  let state = seed;
  return (end) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * end);
  };
}

/** Says where each record is: sequence numbers rise with time. */
function journal() {
  let sequence = 0;
  return (at, topic = JOURNAL) => {
    sequence += 1;
    return { at: `${at}.${`${sequence}`.padStart(9, '0')}`, topic, sequence };
  };
}

const agentOf = (number) => `0.0.${2_001 + number}`;

/**
 * A report of one run, half done.
 * @param tasks how many; each waits for up to two of the layer before.
 * @param layers how deep; the same number of sequences when `sequences` is set, each after the one before.
 * @param text what every text of others says.
 */
export function documentOf({ tasks: count, layers, agents = 5, network = 'testnet', text, seed = 7, name = 'plan' }) {
  const roll = dice(seed);
  const place = journal();
  const say = (what) => (text === undefined ? what : `${text} ${what}`);
  const perLayer = Math.ceil(count / layers);
  const idOf = (index) => say(`task-${index + 1}`);
  let last = OPENED;
  const tasks = Array.from({ length: count }, (_, index) => {
    const layer = Math.floor(index / perLayer);
    const before =
      layer === 0 ? [] : Array.from({ length: 1 + roll(2) }, () => (layer - 1) * perLayer + roll(perLayer));
    const done = index < count * 0.6;
    const status = done ? ['paid', 'paid', 'paid', 'paid', 'complete', 'failed'][roll(6)] : undefined;
    const standing = status ?? (index < count * 0.65 ? ['in_progress', 'review', 'assigned'][roll(3)] : 'pending');
    const begin = OPENED + layer * 40 * SECOND + roll(15);
    const attempts = standing === 'pending' ? [] : attemptsOf({ roll, place, say, begin, standing, agents });
    for (const { verdict } of attempts)
      if (verdict !== undefined) last = Math.max(last, Number.parseInt(verdict.place.at, 10));
    return {
      id: idOf(index),
      type: say(['write', 'test', 'draw'][index % 3]),
      status: standing,
      sequence: say(`part ${Math.floor(layer / 3) + 1}`),
      depends_on: [...new Set(before)].map(idOf),
      gates: ['command', 'human'].slice(0, 1 + (index % 2)),
      price: '120',
      ...(standing === 'review' && index % 2 === 1 ? { awaits_person: true } : {}),
      why: [say(standing === 'pending' ? 'waits for another task' : `is ${standing}`)],
      fees: `${100_000 + roll(900_000)}`,
      attempts,
    };
  });
  const paid = tasks.filter(({ status }) => status === 'paid').length * 120;
  const accounts = [COORDINATOR, ...Array.from({ length: agents }, (_, index) => agentOf(index))];
  const run = {
    run: say('24fc41ab7d60-1'),
    name: say(name),
    plan_sha256: '24fc41ab7d60'.padEnd(64, '0'),
    plan_known: true,
    outcome: 'open',
    coordinator: COORDINATOR,
    opened: place(OPENED),
    task_count: count,
    accepted: tasks.filter(({ status }) => status === 'paid' || status === 'complete').length,
    sequences: [...new Set(tasks.map(({ sequence }) => sequence))].map((id) => ({ id, after: [] })),
    tasks,
    money: {
      token: '0.0.1006',
      paid: `${paid}`,
      max_total: `${count * 120}`,
      max_fees_usd: 5,
      fees: `${count * 600_000}`,
      overhead: '1200000',
      usd_per_hbar: 0.12,
      custom_fees: [],
      accounts: accounts.map((account, index) => ({
        account,
        received: index === 0 ? '0' : `${Math.floor(paid / agents)}`,
        fees: `${Math.floor((count * 600_000) / accounts.length)}`,
        transactions: 40 + index,
        failed: index === 2 ? 1 : 0,
      })),
      days: [
        { day: '2026-09-21', paid: `${Math.floor(paid / 3)}`, fees: `${count * 200_000}` },
        { day: '2026-09-22', paid: `${paid - Math.floor(paid / 3)}`, fees: `${count * 400_000}` },
      ],
    },
  };
  return {
    version: 1,
    made_at: new Date((last + 20) * 1_000).toISOString(),
    network,
    journal: JOURNAL,
    runs: [
      {
        ...run,
        run: say('0a9e77c1b2d4-1'),
        name: say('an earlier plan'),
        outcome: 'failed',
        closed: place(OPENED),
        tasks: [],
        sequences: [],
      },
      run,
    ],
    agents: Array.from({ length: agents }, (_, index) => ({
      agent: agentOf(index),
      life: index === 1 ? 'lapsed' : 'online',
      address: say(`host-${index + 1}:8443`),
      capabilities: ['write', 'test', 'draw'].map(say),
      slots: 4,
      ...(index === 1 ? {} : { lease_until: new Date((last + 600) * 1_000).toISOString() }),
      history: [
        { life: 'online', place: place(OPENED - 60) },
        ...(index === 1 ? [{ life: 'lapsed', reason: say('lease 3 was not renewed'), place: place(OPENED + 60) }] : []),
      ],
    })),
    verification: {
      holds: false,
      rules: 44,
      findings: [
        {
          rule: 'wrong-payee',
          holds_when: 'The agent that was assigned is the one that is paid.',
          run: run.run,
          subject: say('task-3#1'),
          message: say('0.0.9 was paid'),
        },
      ],
      ignored: [{ reason: say('record of a run that does not count'), times: 2 }],
    },
  };
}

function attemptsOf({ roll, place, say, begin, standing, agents }) {
  const tries = standing === 'failed' ? 2 : 1 + (roll(6) === 0 ? 1 : 0);
  let at = begin;
  return Array.from({ length: tries }, (_, index) => {
    const isLast = index === tries - 1;
    const accepted = isLast && (standing === 'paid' || standing === 'complete');
    const lost = !isLast && roll(3) === 0;
    const agent = agentOf(roll(agents));
    const step = (least, most) => {
      at += least + roll(most);
      return at;
    };
    const attempt = {
      number: index + 1,
      agent,
      price: '120',
      deadline: new Date((begin + 600) * 1_000).toISOString(),
      superseded: lost,
      assigned: place(step(0, 3), '0.0.3002'),
    };
    if (isLast && standing === 'assigned') return attempt;
    attempt.started = place(step(1, 5));
    attempt.log = say('reading the input\nwriting the output');
    if (isLast && standing === 'in_progress') return attempt;
    const words = say(`the output of an attempt\nin two lines`);
    attempt.result = {
      ok: true,
      output: { sha256: 'ab'.repeat(32), size: words.length, shown: 'whole', text: words },
      place: place(step(4, 25)),
    };
    if (isLast && standing === 'review') return attempt;
    const reason = say(accepted ? 'all checks pass' : 'two checks fail');
    attempt.verdict = { accepted, gate: lost ? 'lost' : 'command', reason, place: place(step(1, 4)) };
    if (accepted && standing === 'paid') {
      const payment = place(step(1, 3));
      attempt.payment = { to: agent, amount: '120', transfer: `${COORDINATOR}@${payment.at}`, place: payment };
    }
    return attempt;
  });
}
