/** How long each part of an orderly stop may take once the drain time is over, milliseconds. */
export interface StopBounds {
  /** Beyond `limits.grace`: until killed executors are gone and what ended is stored. */
  readonly haltMs: number;
  /** Until the last records are on the journal and the lease is deleted. */
  readonly farewellMs: number;
  /** Until the inbox reader has ended and the store is on disk. */
  readonly closeMs: number;
}

/** A daemon is gone after `drain`, `limits.grace` and these, whatever disk and ledger do. */
export const STOP_BOUNDS: StopBounds = { haltMs: 5_000, farewellMs: 15_000, closeMs: 5_000 };

/** Whether work was done within a time. @throws what the work throws in that time; what it throws later is dropped. */
export async function doneWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
