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

/** How many more are waited for after a message that was not filled by as many as the one before. */
const MORE = 1.25;

/**
 * Records in the order they came, taken out in parcels of one run that fit one message. An attempt with a report on
 * its way does not get another one out until that one has arrived, so that the journal shows them in order.
 */
export class ReportQueue {
  /** When each that waits has to go; insertion order is the order of reports. */
  #waiting = new Map<Report, number>();
  /** Attempt -> its `started` that waits. */
  readonly #started = new Map<string, Report>();
  /** Attempts with a report on its way. */
  readonly #inFlight = new Set<string>();
  /** Those of them with a result that waits. */
  readonly #blocked = new Set<string>();
  #away = 0;
  /** So many reports filled the last message, or are some more than did not. */
  #filling = Infinity;

  /** Reports that wait or are on their way. */
  get size(): number {
    return this.#waiting.size + this.#away;
  }

  /** Whether as many can go out as are likely to fill a message. Starts take no room to speak of. */
  get fillsMessage(): boolean {
    return this.#waiting.size - this.#started.size - this.#blocked.size >= this.#filling;
  }

  /** When the first that can go out has to; undefined when none can. */
  get dueMs(): number | undefined {
    let earliest: number | undefined;
    for (const [report, dueMs] of this.#waiting) {
      if (!this.#isBlocked(report)) earliest = Math.min(earliest ?? dueMs, dueMs);
    }
    return earliest;
  }

  /** Takes a report that has to go at a time; a result makes a `started` that still waits superfluous. */
  add(report: Report, dueMs: number): void {
    const { attempt, record } = report;
    const started = attempt === undefined ? undefined : this.#started.get(attempt);
    if (record.type === 'result' && started !== undefined) this.#remove(started);
    this.#waits(report, dueMs);
  }

  #waits(report: Report, dueMs: number): void {
    this.#waiting.set(report, dueMs);
    this.#noteStarted(report);
    if (this.#isBlocked(report)) this.#blocked.add(report.attempt ?? '');
  }

  #isBlocked({ attempt }: Report): boolean {
    return attempt !== undefined && this.#inFlight.has(attempt);
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
    const later = this.#waiting;
    this.#waiting = new Map();
    for (const report of parcel.reports) this.#waits(report, 0);
    for (const [report, dueMs] of later) this.#waiting.set(report, dueMs);
  }

  /** Counts a parcel among those on their way that an earlier process took out. */
  adopt({ reports }: Parcel): void {
    this.#away += reports.length;
    for (const { attempt } of reports) if (attempt !== undefined) this.#inFlight.add(attempt);
  }

  arrived(parcel: Parcel): void {
    this.#away -= parcel.reports.length;
    for (const { attempt } of parcel.reports) {
      if (attempt === undefined) continue;
      this.#inFlight.delete(attempt);
      this.#blocked.delete(attempt);
    }
  }

  /**
   * The next parcel; undefined when nothing can go out now.
   * @param startsDueMs starts that have to go later than this stay: a result may soon make them superfluous.
   */
  takeParcel(startsDueMs = Infinity): Parcel | undefined {
    const reports: Report[] = [];
    let fill: MessageFill | undefined;
    let isFull = false;
    for (const [report, dueMs] of this.#waiting) {
      if (this.#isBlocked(report) || (report.record.type === 'started' && dueMs > startsDueMs)) continue;
      const [first = report] = reports;
      if (report.run !== first.run) continue;
      fill ??= new MessageFill(first.run);
      isFull = !fill.add(report.record) && reports.length > 0;
      if (isFull) break;
      reports.push(report);
    }
    const [first] = reports;
    if (first === undefined) return undefined;
    if (isFull) this.#filling = reports.length;
    else if (reports.length >= this.#filling) this.#filling = Math.ceil(reports.length * MORE);
    for (const report of reports) {
      this.#remove(report);
      if (report.attempt !== undefined) this.#inFlight.add(report.attempt);
    }
    this.#away += reports.length;
    return { run: first.run, reports };
  }
}
