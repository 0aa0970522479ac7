const MIB = 1_024 * 1_024;

/** Most bytes of input or output that one message of a session may carry; a daemon's `max_chunk` is at most this. */
export const MAX_CHUNK_BYTES = 4 * MIB;

/** What a message of a session may hold besides. */
export const MESSAGE_OVERHEAD_BYTES = 64 * 1_024;

/** Largest output that a coordinator takes, bytes. */
export const MAX_OUTPUT_BYTES = 256 * MIB;
