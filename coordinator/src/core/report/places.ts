import type { AnyEntry } from '@gatepost/rules/verify/history';
import { formatNanos, type Nanos } from '@gatepost/shared/vocabulary/time';
import type { Place } from './document.js';

/** The message with a consensus timestamp. */
export type PlaceAt = (at: Nanos) => Place;

/** Finds messages by their time, which no two messages share. */
export function placesOf(entries: readonly AnyEntry[]): PlaceAt {
  const places = new Map<Nanos, Place>();
  for (const { at, topic, sequence } of entries) places.set(at, { at: formatNanos(at), topic, sequence });
  return (at) => {
    const place = places.get(at);
    if (place === undefined) throw new Error(`no message has the time ${formatNanos(at)}`);
    return place;
  };
}
