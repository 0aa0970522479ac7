import type { Contestant, Figures, Scale } from '../bench-case.js';
import { type NoopExecutor, openPlace, type Place, type PlaceOptions } from '../place.js';

/** Uses a place of its own for one measurement. */
export async function withPlace<T>(
  directory: string,
  use: (place: Place) => Promise<T>,
  options?: PlaceOptions,
): Promise<T> {
  const place = await openPlace(directory, options);
  try {
    return await use(place);
  } finally {
    await place.close();
  }
}

/** By what executes an attempt; the function is beside the one who calls it, as the peer's is. */
const EXECUTORS: Readonly<Record<NoopExecutor, string>> = {
  http: 'gatepost, http executor: each attempt asks a server',
  module: 'gatepost, module executor: each attempt calls a function',
};

/** Ours, once with each executor, in a place of its own. */
export const withEachExecutor = (
  { profiles }: Scale,
  measure: (place: Place) => Promise<Figures>,
): readonly Contestant[] =>
  (['http', 'module'] as const).map((executor) => ({
    name: EXECUTORS[executor],
    measure: (directory) => withPlace(directory, measure, { profiles, executor }),
  }));
