import { type NoopExecutor, openPlace, type Place } from '../place.js';

/** Daemons of a case that does not say otherwise. */
const DAEMONS = 2;

/** Uses a place of its own for one measurement. */
export async function withPlace<T>(
  directory: string,
  use: (place: Place) => Promise<T>,
  profiles?: string,
  executor?: NoopExecutor,
): Promise<T> {
  const place = await openPlace(directory, DAEMONS, profiles, executor);
  try {
    return await use(place);
  } finally {
    await place.close();
  }
}
