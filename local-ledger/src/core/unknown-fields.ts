/**
 * Whether a decoded message, or any message in it, had fields its schema does not know. The network parses
 * transactions strictly and refuses these with TRANSACTION_HAS_UNKNOWN_FIELDS.
 */
export function hasUnknownFields(message: unknown): boolean {
  if (typeof message !== 'object' || message === null || message instanceof Uint8Array) {
    return false;
  }
  if (Array.isArray(message)) {
    return message.some(hasUnknownFields);
  }
  for (const [name, value] of Object.entries(message)) {
    if (name === '_unknownFields') {
      if (typeof value === 'object' && value !== null && Object.keys(value).length > 0) {
        return true;
      }
    } else if (typeof value === 'object' && hasUnknownFields(value)) {
      return true;
    }
  }
  return false;
}
