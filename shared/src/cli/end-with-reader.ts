/** What a shell reports of a process that SIGPIPE ended. */
const READER_GONE = 141;

/**
 * Ends the process without a word once nobody reads its standard output any more, as when `head` has seen enough: what
 * a command had under way is on the ledger, and the same command goes on with it.
 */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(READER_GONE);
  });
}
