import { crc32 } from 'node:zlib';

/** Bytes before a frame's payload: length and CRC-32 of the payload, both unsigned, big-endian. */
const HEADER_BYTES = 8;
/** No payload is longer: what claims to be is not a frame. */
export const MAX_PAYLOAD_BYTES = 1_048_576;

/** The payload with its header. */
export function frame(payload: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(payload.length, 0);
  header.writeUInt32BE(crc32(payload), 4);
  return Buffer.concat([header, payload]);
}

/** A frame found in bytes. */
export interface Framed {
  readonly payload: Buffer;
  /** Offset just behind the frame. */
  readonly end: number;
}

/** Whether a frame at an offset is whole, broken, or may go on behind the bytes at hand. */
export type FrameResult = Framed | 'incomplete' | 'broken';

/** The frame that begins at `offset`. */
export function readFrame(bytes: Buffer, offset: number): FrameResult {
  if (bytes.length < offset + HEADER_BYTES) {
    return 'incomplete';
  }
  const length = bytes.readUInt32BE(offset);
  if (length === 0 || length > MAX_PAYLOAD_BYTES) {
    return 'broken';
  }
  const end = offset + HEADER_BYTES + length;
  if (bytes.length < end) {
    return 'incomplete';
  }
  const payload = bytes.subarray(offset + HEADER_BYTES, end);
  return crc32(payload) === bytes.readUInt32BE(offset + 4) ? { payload, end } : 'broken';
}
