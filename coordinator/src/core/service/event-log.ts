/** Something that whoever watches is told; `cursor` says how far it has been told everything. */
export interface LoggedEvent {
  readonly cursor: string;
  /** The run that it concerns; undefined for what concerns all. */
  readonly run: string | undefined;
  /** JSON of an object. */
  readonly json: string;
}

/** What follows a cursor. */
export type Following =
  | { readonly events: readonly LoggedEvent[]; readonly cursor: string }
  /** What followed it is not kept any more, or another process had made it. */
  | { readonly lost: true; readonly cursor: string };

const CURSOR = /^([\w-]{1,40})\.(\d{1,15})$/;

/**
 * The newest events of one process, in order. A cursor names the process and a number, so that whoever comes back after
 * a break is told either all that came meanwhile, or that something is missing.
 */
export class EventLog {
  readonly #events: LoggedEvent[] = [];
  /** Number of the first event that is kept. */
  #first = 1;
  #next = 1;
  #bytes = 0;

  /**
   * @param process names this start of the process.
   * @param mostBytes the oldest go when the texts of all are longer together.
   */
  constructor(
    readonly process: string,
    private readonly mostBytes: number,
  ) {}

  /** After the newest event. */
  get cursor(): string {
    return `${this.process}.${this.#next - 1}`;
  }

  /** Takes an event whose JSON is made with its cursor. */
  add(run: string | undefined, jsonOf: (cursor: string) => string): LoggedEvent {
    const cursor = `${this.process}.${this.#next}`;
    const event = { cursor, run, json: jsonOf(cursor) };
    this.#next += 1;
    this.#events.push(event);
    this.#bytes += event.json.length;
    this.#forget();
    return event;
  }

  /** The oldest half goes at a time, so that it is not moved for each event. */
  #forget(): void {
    if (this.#bytes <= this.mostBytes) return;
    let count = 0;
    for (const { json } of this.#events) {
      if (this.#bytes <= this.mostBytes / 2) break;
      this.#bytes -= json.length;
      count += 1;
    }
    this.#events.splice(0, count);
    this.#first += count;
  }

  /** Everything after a cursor; from now on without one. */
  after(cursor: string | undefined): Following {
    if (cursor === undefined) return { events: [], cursor: this.cursor };
    const [, process, number] = CURSOR.exec(cursor) ?? [];
    const next = Number(number) + 1;
    if (process !== this.process || next < this.#first || next > this.#next) return { lost: true, cursor: this.cursor };
    return { events: this.#events.slice(next - this.#first), cursor };
  }
}
