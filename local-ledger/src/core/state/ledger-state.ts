import { hex } from '../bytes.js';
import { isHollow } from '../keys/hollow.js';
import { FIRST_USER_ENTITY } from '../limits.js';
import type { Account, Allowance, EntityNum, Schedule, Token, TokenRelation, Topic } from '../model.js';
import { wholeSeconds } from '../time.js';
import { IndexSet } from './index-set.js';
import { Journal } from './journal.js';
import { scheduleContent } from './schedule-content.js';
import { Table } from './table.js';

/** Who lets whom spend what. */
type AllowanceParties = Pick<Allowance, 'owner' | 'spender' | 'token'>;

function allowanceKey({ owner, spender, token }: AllowanceParties): string {
  return `${owner}/${spender}/${token ?? 'hbar'}`;
}

/** All entities of the network and the counters beside them; every write can be rolled back to a savepoint. */
export class LedgerState {
  readonly journal = new Journal();
  readonly accounts = new Table<EntityNum, Account>(this.journal, (before, after) => this.#indexAccount(before, after));
  readonly topics = new Table<EntityNum, Topic>(this.journal);
  readonly tokens = new Table<EntityNum, Token>(this.journal, (before, after) => this.#indexToken(before, after));
  readonly relations = new Table<string, TokenRelation>(this.journal, (before, after) =>
    this.#indexRelation(before, after),
  );
  readonly allowances = new Table<string, Allowance>(this.journal, (before, after) =>
    this.#indexAllowance(before, after),
  );
  readonly schedules = new Table<EntityNum, Schedule>(this.journal, (before, after) =>
    this.#indexSchedule(before, after),
  );
  readonly #counters = new Table<'nextEntity', number>(this.journal);
  readonly #aliases = new Map<string, EntityNum>();
  readonly #hollow = new Set<EntityNum>();
  readonly #tokensByAccount = new IndexSet<EntityNum, EntityNum>();
  readonly #allowancesByOwner = new IndexSet<EntityNum, string>();
  readonly #tokensByTreasury = new IndexSet<EntityNum, EntityNum>();
  readonly #schedulesBySecond = new IndexSet<bigint, EntityNum>();
  /** Asked after every transaction, and changed by few. */
  #earliest: bigint | undefined | 'unknown' = 'unknown';
  readonly #schedulesByContent = new Map<string, EntityNum>();

  /** Takes the next free entity number. */
  newEntity(): EntityNum {
    const num = this.#counters.get('nextEntity') ?? FIRST_USER_ENTITY;
    this.#counters.put('nextEntity', num + 1);
    return num;
  }

  /** The number the next entity will get. */
  get nextEntity(): EntityNum {
    return this.#counters.get('nextEntity') ?? FIRST_USER_ENTITY;
  }

  /** Sets the number the next entity gets; for genesis. */
  startEntitiesAt(num: EntityNum): void {
    this.#counters.put('nextEntity', num);
  }

  relation(account: EntityNum, token: EntityNum): TokenRelation | undefined {
    return this.relations.get(`${account}/${token}`);
  }

  putRelation(relation: TokenRelation): void {
    this.relations.put(`${relation.account}/${relation.token}`, relation);
  }

  removeRelation(account: EntityNum, token: EntityNum): void {
    this.relations.remove(`${account}/${token}`);
  }

  /** Relations of an account, oldest first. */
  relationsOf(account: EntityNum): TokenRelation[] {
    return [...this.#tokensByAccount.get(account)].flatMap((token) => this.relation(account, token) ?? []);
  }

  /** What `owner` lets `spender` spend of a token, or of hbar. */
  allowance(owner: EntityNum, spender: EntityNum, token: EntityNum | undefined): Allowance | undefined {
    return this.allowances.get(allowanceKey({ owner, spender, token }));
  }

  putAllowance(allowance: Allowance): void {
    this.allowances.put(allowanceKey(allowance), allowance);
  }

  removeAllowance(allowance: AllowanceParties): void {
    this.allowances.remove(allowanceKey(allowance));
  }

  /** All that an account lets others spend. */
  allowancesOf(owner: EntityNum): Allowance[] {
    return [...this.#allowancesByOwner.get(owner)].flatMap((key) => this.allowances.get(key) ?? []);
  }

  /** Whether the account is treasury of a token that is not deleted. */
  isTreasury(account: EntityNum): boolean {
    return this.#tokensByTreasury.get(account).size > 0;
  }

  /** The account with this alias or EVM address. */
  accountByAlias(alias: Uint8Array): EntityNum | undefined {
    return this.#aliases.get(hex(alias));
  }

  /** Whether any account still waits for its owner's first signature. */
  get hasHollowAccounts(): boolean {
    return this.#hollow.size > 0;
  }

  /** Schedules whose expiry lies in this second, executed and deleted ones included. */
  schedulesAt(second: bigint): readonly EntityNum[] {
    return [...this.#schedulesBySecond.get(second)].sort((a, b) => a - b);
  }

  /** The schedule with the same content, executed and deleted ones included. */
  identicalSchedule(content: string): EntityNum | undefined {
    return this.#schedulesByContent.get(content);
  }

  /** The earliest second in which a schedule expires. */
  nextExpirySecond(): bigint | undefined {
    if (this.#earliest === 'unknown') {
      this.#earliest = [...this.#schedulesBySecond.keys()].reduce<bigint | undefined>(
        (least, second) => (least === undefined || second < least ? second : least),
        undefined,
      );
    }
    return this.#earliest;
  }

  #indexAccount(before: Account | undefined, after: Account | undefined): void {
    if (before?.key !== after?.key) {
      this.#indexHollow(before, after);
    }
    if (before?.alias === after?.alias && before?.evmAddress === after?.evmAddress) {
      return;
    }
    for (const alias of [before?.alias, before?.evmAddress]) {
      if (alias !== undefined) {
        this.#aliases.delete(hex(alias));
      }
    }
    for (const alias of [after?.alias, after?.evmAddress]) {
      if (alias !== undefined && after !== undefined) {
        this.#aliases.set(hex(alias), after.num);
      }
    }
  }

  #indexHollow(before: Account | undefined, after: Account | undefined): void {
    if (before !== undefined) {
      this.#hollow.delete(before.num);
    }
    if (after !== undefined && isHollow(after)) {
      this.#hollow.add(after.num);
    }
  }

  #indexToken(before: Token | undefined, after: Token | undefined): void {
    if (before !== undefined) {
      this.#tokensByTreasury.delete(before.treasury, before.num);
    }
    if (after !== undefined && !after.deleted) {
      this.#tokensByTreasury.add(after.treasury, after.num);
    }
  }

  #indexRelation(before: TokenRelation | undefined, after: TokenRelation | undefined): void {
    if (before !== undefined && after === undefined) {
      this.#tokensByAccount.delete(before.account, before.token);
    } else if (before === undefined && after !== undefined) {
      this.#tokensByAccount.add(after.account, after.token);
    }
  }

  #indexAllowance(before: Allowance | undefined, after: Allowance | undefined): void {
    if (before !== undefined && after === undefined) {
      this.#allowancesByOwner.delete(before.owner, allowanceKey(before));
    } else if (before === undefined && after !== undefined) {
      this.#allowancesByOwner.add(after.owner, allowanceKey(after));
    }
  }

  #indexSchedule(before: Schedule | undefined, after: Schedule | undefined): void {
    if (before === undefined || after === undefined) {
      this.#earliest = 'unknown';
    }
    if (before !== undefined && after === undefined) {
      this.#schedulesBySecond.delete(wholeSeconds(before.expiry), before.num);
      this.#schedulesByContent.delete(scheduleContent(before));
    } else if (before === undefined && after !== undefined) {
      this.#schedulesBySecond.add(wholeSeconds(after.expiry), after.num);
      this.#schedulesByContent.set(scheduleContent(after), after.num);
    }
  }
}
