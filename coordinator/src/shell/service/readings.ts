import { verify } from '@gatepost/rules/verify/verify';
import type { NetworkConfig } from '@gatepost/shared/config/network';
import { MirrorRest } from '@gatepost/shared/hedera/mirror-rest';
import { Semaphore } from '@gatepost/shared/semaphore';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { TopicId } from '@gatepost/shared/vocabulary/ids';
import type { Nanos } from '@gatepost/shared/vocabulary/time';
import type { ReportDocument } from '../../core/report/document.js';
import { billAsJson, verifyAsJson } from '../reports/as-json.js';
import { keptUsage, totalUsage } from '../reports/attempt-usage.js';
import { gatherBill } from '../reports/bill-evidence.js';
import { gatherReport } from '../reports/gather-report.js';
import { gatherEvidence } from '../reports/verify-evidence.js';
import type { CoordinatorConfig } from '../setup/config-file.js';

/** Most answers that are being made at once, since each reads the whole journal. */
const MAX_READINGS = 2;
/** Most questions that wait for that. */
const MAX_WAITING_READINGS = 64;

/**
 * Answers that are made of the whole journal as the mirror shows it. Those who ask the same while it waits get one answer;
 * it is made after each of them has asked.
 */
export class Readings {
  readonly #mirror: MirrorRest;
  readonly #turns = new Semaphore(MAX_READINGS);
  /** By question; what is being made already is not among them. */
  readonly #waiting = new Map<string, Promise<unknown>>();

  constructor(
    private readonly network: NetworkConfig,
    private readonly config: CoordinatorConfig & { readonly journal: TopicId },
  ) {
    this.#mirror = new MirrorRest(network);
  }

  /** As `coordinator report --json` prints it. @throws GatepostError NOT_FOUND, MIRROR_UNREACHABLE, TOO_MANY */
  report(runs: readonly string[], since: Nanos): Promise<ReportDocument> {
    const { network, config } = this;
    return this.#once(`report ${since} ${JSON.stringify(runs)}`, () =>
      gatherReport(this.#mirror, config.journal, {
        network: network.name,
        runs,
        since,
        plans: new Map(),
        host: config,
      }),
    );
  }

  /** As `coordinator bill --json` prints it. @throws GatepostError NOT_FOUND, MIRROR_UNREACHABLE, TOO_MANY */
  bill(run: string): Promise<object> {
    const { journal, stateDir } = this.config;
    return this.#once(`bill ${run}`, async () =>
      billAsJson(await gatherBill(this.#mirror, journal, run), totalUsage(keptUsage(stateDir, run))),
    );
  }

  /** As `coordinator verify --json` prints it. @throws GatepostError NOT_FOUND, MIRROR_UNREACHABLE, TOO_MANY */
  verify(run: string | undefined): Promise<{ readonly holds: boolean }> {
    const { journal } = this.config;
    return this.#once(`verify ${run ?? ''}`, async () => {
      const report = verify(await gatherEvidence(this.#mirror, journal), { run, plan: undefined });
      if (report.runs.length > 0) return verifyAsJson(report);
      throw new GatepostError('NOT_FOUND', `no run ${run ?? 'of its owner'} is on the journal ${journal}`);
    });
  }

  #once<T>(question: string, make: () => Promise<T>): Promise<T> {
    const known = this.#waiting.get(question) as Promise<T> | undefined;
    if (known !== undefined) return known;
    if (this.#waiting.size >= MAX_WAITING_READINGS) {
      return Promise.reject(new GatepostError('TOO_MANY', `${this.#waiting.size} questions about the journal wait`));
    }
    const answer = this.#turns.run(async () => {
      // A turn that is free comes at once: what it deletes has to be there first, or it would be the answer forever.
      await Promise.resolve();
      this.#waiting.delete(question);
      return make();
    });
    this.#waiting.set(question, answer);
    return answer;
  }
}
