import type { ReportedAttempt, ReportedRun } from '../report.js';
import { msOf } from '../words.js';

/** A part of an attempt's time: until it began, its work, and until it was decided. */
export interface Phase {
  readonly kind: 'waiting' | 'working' | 'judged';
  readonly from: number;
  readonly to: number;
}

/** An attempt on a time line, in milliseconds since the Unix epoch. */
export interface Span {
  readonly task: string;
  readonly attempt: number;
  readonly from: number;
  readonly to: number;
  readonly phases: readonly Phase[];
  readonly end: 'open' | 'accepted' | 'rejected' | 'lost';
  /** Row within its agent's, so that no two overlap. */
  readonly row: number;
}

/** The attempts of one agent. */
export interface Lane {
  readonly agent: string;
  readonly spans: readonly Span[];
  readonly rows: number;
}

/** The attempts of a run by agent, until its end or, while it is open, until the report was made. */
export function lanesOf(run: ReportedRun, untilMs: number): readonly Lane[] {
  const byAgent = new Map<string, Omit<Span, 'row'>[]>();
  for (const { id, attempts } of run.tasks) {
    for (const attempt of attempts) {
      const spans = byAgent.get(attempt.agent) ?? [];
      if (spans.length === 0) byAgent.set(attempt.agent, spans);
      spans.push(spanOf(id, attempt, untilMs));
    }
  }
  return [...byAgent].sort(([a], [b]) => (a < b ? -1 : 1)).map(([agent, spans]) => packed(agent, spans));
}

function spanOf(task: string, attempt: ReportedAttempt, untilMs: number): Omit<Span, 'row'> {
  const { number, assigned, started, result, verdict } = attempt;
  const from = msOf(assigned.at);
  const to = verdict === undefined ? Math.max(from, untilMs) : msOf(verdict.place.at);
  const begun = started === undefined ? undefined : msOf(started.at);
  const done = result === undefined ? undefined : msOf(result.place.at);
  const phases: readonly Phase[] = [
    { kind: 'waiting', from, to: begun ?? done ?? to },
    { kind: 'working', from: begun ?? done ?? to, to: done ?? to },
    { kind: 'judged', from: done ?? to, to },
  ];
  return {
    task,
    attempt: number,
    from,
    to,
    phases: phases.filter((phase) => phase.to > phase.from),
    end: endOf(attempt),
  };
}

function endOf({ verdict, superseded }: ReportedAttempt): Span['end'] {
  if (verdict?.accepted === true) return 'accepted';
  if (superseded || verdict?.gate === 'lost') return 'lost';
  return verdict === undefined ? 'open' : 'rejected';
}

/** Gives each span the first row that is free by then. */
function packed(agent: string, spans: readonly Omit<Span, 'row'>[]): Lane {
  const ends: number[] = [];
  const rows = [...spans]
    .sort((a, b) => a.from - b.from)
    .map((span) => {
      const free = ends.findIndex((end) => end <= span.from);
      const row = free < 0 ? ends.length : free;
      ends[row] = span.to;
      return { ...span, row };
    });
  return { agent, spans: rows, rows: ends.length };
}
