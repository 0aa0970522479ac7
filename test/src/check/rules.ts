/** What must hold of a run, by the name of its violation; docs/reliability.md lists the same. */
export const RULES = {
  'never-opened': 'The run of the plan is on the journal.',
  'opened-again': 'It was opened as one thing, however often the record was written.',
  'not-closed': 'It is closed.',
  'closed-again': 'It is closed once.',
  'after-close': 'Nothing is assigned or paid after that.',
  'outcome-differs': 'It is closed as complete exactly when every task was accepted.',
  unexplained: 'A task that was not accepted was rejected, or waits for one that was not accepted.',
  'assigned-unknown': 'What is assigned is in the plan.',
  'assigned-price': 'It is assigned at the price in the plan.',
  'assigned-early': 'A task is assigned only after all that it depends on was accepted.',
  'reported-twice': 'An agent reports an attempt once.',
  'result-before-assignment': 'What is paid was assigned before its result came.',
  'verdict-before-result': 'What is paid was accepted after its result came.',
  'in-time-called-late': 'No result that came in time was rejected as late.',
  'paid-unassigned': 'What is paid was assigned to who is paid.',
  'paid-without-result': 'What is paid was reported as done by who is paid.',
  'paid-without-verdict': 'What is paid was accepted by the coordinator.',
  'paid-before-verdict': 'It was accepted before it was paid.',
  'paid-price': 'It is paid its price.',
  'paid-twice': 'Nobody is paid twice for a task.',
  'paid-too-often': 'A task is paid once, a quorum’s once for each of its members at most.',
  'paid-different-outputs': 'All who are paid for a task delivered the same.',
  'paid-without-quorum': 'A quorum’s members are paid only when enough of them agree.',
  'paid-stranger': 'Who is paid is one of the agents.',
  'accepted-unpaid': 'What is accepted is paid when the run is closed.',
  'settled-outside-batch': 'A payment record is part of a batch.',
  'moved-differently': 'The transfer in that batch moves what the record says.',
  'moved-unrecorded': 'No other transfer moves the token.',
  'balance-differs': 'Each agent holds what was recorded for it, over all runs of the journal.',
  'supply-changed': 'There is as much of the token as at first.',
  'supply-held': 'All of it is held by somebody.',
} as const;

export type RuleId = keyof typeof RULES;

/** Takes a violation down. */
export type Report = (rule: RuleId, subject: string, found: string) => void;
