import type { AccountId } from '@gatepost/shared/vocabulary/ids';

/** A place in a lane: the task, and which of its rounds it was queued for. */
export interface LaneEntry {
  readonly task: string;
  readonly round: number;
}

/** Tasks that only the same agents can do, first come first served. */
export interface Lane {
  readonly type: string;
  /** The only agent that may take them; undefined when any with the capability may. */
  readonly agent: AccountId | undefined;
  readonly items: LaneEntry[];
  /** Position of the first item that may still be live; what lies before it is dropped now and then. */
  head: number;
}

/** Items before the head that are tolerated before they are dropped. */
const SLACK = 1_024;

/**
 * The ready queue: one lane per capability and named agent, so that work nobody can do now never makes anyone look at
 * it again and again. Entries are not removed when they are taken; a reader skips those that are no longer wanted.
 */
export class ReadyLanes {
  readonly #lanes = new Map<string, Lane>();

  push(entry: LaneEntry, type: string, agent: AccountId | undefined): void {
    this.#lane(type, agent).items.push(entry);
  }

  /** Queues something before all others of its lane. */
  pushFirst(entry: LaneEntry, type: string, agent: AccountId | undefined): void {
    const lane = this.#lane(type, agent);
    if (lane.head === 0) lane.items.unshift(entry);
    else {
      lane.head -= 1;
      lane.items[lane.head] = entry;
    }
  }

  #lane(type: string, agent: AccountId | undefined): Lane {
    const key = `${agent ?? ''}|${type}`;
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = { type, agent, items: [], head: 0 };
      this.#lanes.set(key, lane);
    }
    return lane;
  }

  /** Lanes that may hold something, in the order in which they came up. */
  *lanes(): Generator<Lane> {
    for (const lane of this.#lanes.values()) if (lane.head < lane.items.length) yield lane;
  }

  /** Live items of a lane, oldest first; dead ones at its front are forgotten. */
  *live(lane: Lane, wanted: (entry: LaneEntry) => boolean): Generator<string> {
    let front = true;
    for (let index = lane.head; index < lane.items.length; index += 1) {
      const entry = lane.items[index];
      if (entry !== undefined && wanted(entry)) {
        front = false;
        yield entry.task;
      } else if (front) {
        lane.head = index + 1;
      }
    }
    if (lane.head > SLACK && lane.head * 2 > lane.items.length) {
      lane.items.splice(0, lane.head);
      lane.head = 0;
    }
  }
}
