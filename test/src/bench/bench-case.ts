/** What a round measured: value by name of the figure, which ends in its unit. */
export type Figures = Readonly<Record<string, number>>;

/** How much is measured. */
export interface Scale {
  /** Tasks of a case, in place of its own number. */
  readonly tasks?: number;
  /** Directory for processor profiles of coordinator and daemons; none are taken when left out. */
  readonly profiles?: string;
}

/** One of those that are measured beside each other, round by round. */
export interface Contestant {
  readonly name: string;
  /** It is left out where Redis is not installed. */
  readonly needsRedis?: true;
  /** One round, from nothing: what an earlier one left behind does not count. */
  readonly measure: (directory: string) => Promise<Figures>;
}

/** One question that the benchmark answers. */
export interface BenchCase {
  readonly title: string;
  /** Rounds when the command does not say how many. */
  readonly rounds: number;
  readonly contestants: (scale: Scale) => readonly Contestant[];
}
