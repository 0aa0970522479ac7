import { Metadata, type status } from '@grpc/grpc-js';

/** What grpc-js answers a call with; the message says what is wrong and how to mend it. */
export function statusError(code: status, details: string): { code: status; details: string; metadata: Metadata } {
  return { code, details, metadata: new Metadata() };
}
