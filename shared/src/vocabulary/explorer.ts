/** What has a page of its own on HashScan. */
export type Explored = 'account' | 'topic' | 'token' | 'transaction';

/** Adds to an id where anybody can look it up. */
export type Linked = (kind: Explored, id: string) => string;

/** Ids with the address of their page behind them; on a network of one's own, which no explorer shows, the ids alone. */
export const linkedOn =
  (network: { readonly name: string }): Linked =>
  (kind, id) =>
    network.name === 'local' ? id : `${id}  https://hashscan.io/${network.name}/${kind}/${id}`;
