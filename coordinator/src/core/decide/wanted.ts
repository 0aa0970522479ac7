import type { AccountId } from '@gatepost/shared/vocabulary/ids';

/** Who could take a piece of work. */
export interface Wanted {
  readonly type: string;
  /** Only this one. */
  readonly agent: AccountId | undefined;
  readonly not: ReadonlySet<AccountId>;
}
