import { MessageFill } from '@gatepost/shared/records/codec';
import type { JournalRecord } from '@gatepost/shared/records/schema';

/** A record that waits to be written to the journal. */
export interface Report {
  /** The attempt it is about; its reports are written in order. Undefined for one about the agent itself. */
  readonly attempt: string | undefined;
  readonly run: string | undefined;
  readonly record: JournalRecord;
}

/** Records that share one topic message. */
export interface Parcel {
  readonly run: string | undefined;
  readonly reports: readonly Report[];
}

/**
 * Records in the order they came, taken out in parcels of one run that fit one message. An attempt with a report on
 * its way does not get another one out until that one has arrived, so that the journal shows them in order.
 */
export class ReportQueue {
  /** Insertion order is the order of reports. */
  #waiting = new Set<Report>();
  /** Attempt -> its `started` that waits. */
  readonly #started = new Map<string, Report>();
  /** Attempts with a report on its way. */
  readonly #inFlight = new Set<string>();
  #away = 0;

  /** Reports that wait or are on their way. */
  get size(): number {
    return this.#waiting.size + this.#away;
  }

  /** Reports that wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Takes a report; a result makes a `started` that still waits superfluous. */
  add(report: Report): void {
    const { attempt, record } = report;
    const started = attempt === undefined ? undefined : this.#started.get(attempt);
    if (record.type === 'result' && started !== undefined) this.#remove(started);
    this.#noteStarted(report);
    this.#waiting.add(report);
  }

  #noteStarted(report: Report): void {
    if (report.record.type === 'started' && report.attempt !== undefined) this.#started.set(report.attempt, report);
  }

  #remove(report: Report): void {
    this.#waiting.delete(report);
    if (report.record.type === 'started' && report.attempt !== undefined) this.#started.delete(report.attempt);
  }

  /** Puts a parcel that did not arrive back to the front. */
  putBack(parcel: Parcel): void {
    this.arrived(parcel);
    this.#waiting = new Set([...parcel.reports, ...this.#waiting]);
    for (const report of parcel.reports) this.#noteStarted(report);
  }

  /** Counts a parcel among those on their way that an earlier process took out. */
  adopt({ reports }: Parcel): void {
    this.#away += reports.length;
    for (const { attempt } of reports) if (attempt !== undefined) this.#inFlight.add(attempt);
  }

  arrived(parcel: Parcel): void {
    this.#away -= parcel.reports.length;
    for (const { attempt } of parcel.reports) if (attempt !== undefined) this.#inFlight.delete(attempt);
  }

  /** The next parcel; undefined when nothing can go out now. */
  takeParcel(): Parcel | undefined {
    const reports: Report[] = [];
    let fill: MessageFill | undefined;
    for (const report of this.#waiting) {
      if (report.attempt !== undefined && this.#inFlight.has(report.attempt)) continue;
      const [first = report] = reports;
      if (report.run !== first.run) continue;
      fill ??= new MessageFill(first.run);
      if (!fill.add(report.record) && reports.length > 0) break;
      reports.push(report);
    }
    const [first] = reports;
    if (first === undefined) return undefined;
    for (const report of reports) {
      this.#remove(report);
      if (report.attempt !== undefined) this.#inFlight.add(report.attempt);
    }
    this.#away += reports.length;
    return { run: first.run, reports };
  }
}
