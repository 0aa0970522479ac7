/** Payees of one token transfer: the network takes ten entries, and the payer is one (ledger.tokenTransfers.maxLen). */
export const MAX_PAYEES = 9;
