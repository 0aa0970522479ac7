import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import type { Nanos } from '@gatepost/shared/vocabulary/time';

/** What the gatekeeper's account says of one start of its process, on the journal. */
export interface SessionWord {
  readonly author: AccountId;
  readonly at: Nanos;
  readonly session: string;
  readonly said: 'online' | 'offline';
}

/** What the sessions of a gatekeeper, as the journal shows them, mean for one of them. */
export class Sessions {
  #newest: string | undefined;
  #onlineAt: Nanos | undefined;
  /** Until when something that another session signed may still happen, apart from what follows from our own start. */
  #quietUntil: Nanos = 0n;
  /** Whether an earlier session may have gone on until ours was announced. */
  #earlierOpen = false;
  #isEnding = false;
  /** Time of the newest word that was taken down. */
  #notedAt: Nanos = 0n;

  constructor(
    readonly account: AccountId,
    /** This process's own. */
    readonly own: string,
    /** Longest that a transaction of the gatekeeper's signature may live, nanoseconds. */
    readonly window: Nanos,
  ) {}

  /** Takes down one word, in consensus order; what was taken down already changes nothing. */
  note({ author, at, session, said }: SessionWord): void {
    if (author !== this.account || at <= this.#notedAt) return;
    this.#notedAt = at;
    if (session === this.own) {
      if (said === 'online' && this.#onlineAt === undefined) {
        this.#onlineAt = at;
        // Whatever an earlier one signed starts before this record: it signs for nothing that starts after what it has read.
        if (this.#earlierOpen) this.#quietUntil = at + this.window;
      }
      if (said === 'online') this.#newest = session;
      return;
    }
    if (said === 'online') {
      this.#newest = session;
      this.#earlierOpen = true;
    } else if (session === this.#newest) {
      this.#earlierOpen = false;
      this.#quietUntil = at + this.window;
    }
  }

  /** This process says goodbye: a successor counts on it that nothing is signed from then on. */
  end(): void {
    this.#isEnding = true;
  }

  /** Whether a newer start of the same account is there: this process must stop. */
  get isReplaced(): boolean {
    return this.#onlineAt !== undefined && this.#newest !== this.own;
  }

  /**
   * Why nothing may be signed yet, with what the mirror shows up to a time; undefined when it may.
   * @param readUntil consensus time up to which the journal was read.
   */
  obstacle(readUntil: Nanos): 'not announced' | 'replaced' | 'ending' | 'predecessor' | undefined {
    if (this.#onlineAt === undefined || readUntil < this.#onlineAt) return 'not announced';
    if (this.isReplaced) return 'replaced';
    if (this.#isEnding) return 'ending';
    return readUntil <= this.#quietUntil ? 'predecessor' : undefined;
  }
}
