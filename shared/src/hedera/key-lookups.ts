import { setTimeout as sleep } from 'node:timers/promises';
import { GatepostError } from '../vocabulary/errors.js';
import type { AccountId } from '../vocabulary/ids.js';
import type { MirrorKey } from './account-key.js';

/** What a mirror says of an account. */
interface ShownAccount {
  readonly account: string;
  readonly key: MirrorKey | null;
}

/** Whoever waits for the key of one account. */
interface Asker {
  readonly answer: (key: MirrorKey | null) => void;
  readonly fail: (reason: unknown) => void;
}

/** How keys are asked for. */
export interface KeyLookupSettings {
  /** Of how many accounts one reading may ask. */
  readonly mostAtOnce: number;
  /** How long the first who asks waits for others, milliseconds. */
  readonly gatherMs: number;
}

/**
 * Keys of accounts, each as it is after it was asked for: nothing is kept. One request is under way at a time; who asks
 * meanwhile, or while it waits for others, shares the next, so that many sessions that open at once take few requests.
 */
export class KeyLookups {
  #waiting = new Map<AccountId, Asker[]>();
  #isAsking = false;

  constructor(
    private readonly read: (ids: readonly AccountId[]) => Promise<readonly ShownAccount[]>,
    private readonly settings: KeyLookupSettings,
  ) {}

  /** @throws GatepostError NOT_FOUND, or what reading throws. */
  of(account: AccountId): Promise<MirrorKey | null> {
    return new Promise((answer, fail) => {
      this.#waiting.set(account, [...(this.#waiting.get(account) ?? []), { answer, fail }]);
      if (!this.#isAsking) void this.#askAll();
    });
  }

  async #askAll(): Promise<void> {
    const { mostAtOnce, gatherMs } = this.settings;
    this.#isAsking = true;
    while (this.#waiting.size > 0) {
      if (gatherMs > 0) await sleep(gatherMs);
      const asked = new Map([...this.#waiting].slice(0, mostAtOnce));
      for (const account of asked.keys()) this.#waiting.delete(account);
      await this.#ask(asked);
    }
    this.#isAsking = false;
  }

  async #ask(asked: ReadonlyMap<AccountId, readonly Asker[]>): Promise<void> {
    let shown: readonly ShownAccount[];
    try {
      shown = await this.read([...asked.keys()]);
    } catch (thrown) {
      for (const { fail } of [...asked.values()].flat()) fail(thrown);
      return;
    }
    const keys = new Map(shown.map(({ account, key }) => [account, key]));
    for (const [account, askers] of asked) {
      const key = keys.get(account);
      for (const { answer, fail } of askers) {
        if (key !== undefined) answer(key);
        else fail(new GatepostError('NOT_FOUND', `the mirror knows no account ${account}`, { account }));
      }
    }
  }
}
