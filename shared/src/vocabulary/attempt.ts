/** An attempt: the unit of work, of payment and of idempotency. */
export interface AttemptRef {
  /** Run id. */
  readonly run: string;
  /** Task id within the plan. */
  readonly task: string;
  /** From 1. */
  readonly attempt: number;
}

/** A stable text key of an attempt, also how logs and tables show it. */
export const attemptKey = ({ run, task, attempt }: AttemptRef): string => `${run}/${task}#${attempt}`;
