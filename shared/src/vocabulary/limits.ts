/** Payees of one token transfer: the network takes ten entries, and the payer is one (ledger.tokenTransfers.maxLen). */
export const MAX_PAYEES = 9;

/** Largest output, in bytes of UTF-8, that travels in the record itself. */
export const MAX_INLINE_OUTPUT_BYTES = 256;
