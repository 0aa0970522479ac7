/** What has a page of its own on HashScan. */
export type Explored = 'account' | 'topic' | 'token' | 'transaction';

/** Adds to an id where anybody can look it up. */
export type Linked = (kind: Explored, id: string) => string;

/** The address of an id's page; a transaction is named by its id or its consensus timestamp. Undefined on a network of one's own, which no explorer shows. */
export const explorerUrl = ({ name }: { readonly name: string }, kind: Explored, id: string): string | undefined =>
  name === 'local' ? undefined : `https://hashscan.io/${name}/${kind}/${id}`;

/** Ids with the address of their page behind them; on a network of one's own, which no explorer shows, the ids alone. */
export const linkedOn =
  (network: { readonly name: string }): Linked =>
  (kind, id) => {
    const url = explorerUrl(network, kind, id);
    return url === undefined ? id : `${id}  ${url}`;
  };
