import { openPlace, type Place, type PlaceOptions } from '../place.js';

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
