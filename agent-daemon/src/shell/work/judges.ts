import type { Sha256 } from '@gatepost/shared/vocabulary/digest';
import type { Assignment } from '../../core/assignment.js';
import type { Ending } from '../../core/attempt.js';

/** Outputs that are remembered for those who judge them; of more, the oldest are served to the coordinator alone. */
const MAX_JUDGED = 100_000;

/** Who judges the outputs of this agent, as its inbox said: each may read what it judges, and nothing else. */
export class Judges {
  readonly #accounts = new Set<string>();
  readonly #readers = new Map<Sha256, Set<string>>();

  /** Whether an assignment names an account as judge. */
  isJudge(account: string): boolean {
    return this.#accounts.has(account);
  }

  assigned({ judge }: Assignment): void {
    if (judge !== undefined) this.#accounts.add(judge);
  }

  finished({ judge }: Assignment, { output }: Ending): void {
    if (judge === undefined || output === undefined) return;
    const readers = this.#readers.get(output.sha256) ?? new Set();
    readers.add(judge);
    this.#readers.set(output.sha256, readers);
    const [oldest] = this.#readers.keys();
    if (this.#readers.size > MAX_JUDGED && oldest !== undefined) this.#readers.delete(oldest);
  }

  mayRead(account: string, output: Sha256): boolean {
    return this.#readers.get(output)?.has(account) === true;
  }
}
