/** A signed document (Dead Simple Signing Envelope, DSSE 1.0), as JSON. */
export interface DsseEnvelope {
  readonly payloadType: string;
  /** Base64. */
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

/** What a signature of an envelope covers; nothing that Hedera takes for a transaction begins in this way. */
function preAuthenticationEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = Buffer.from(payloadType, 'utf8');
  const head = `DSSEv1 ${type.length} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head, 'utf8'), payload]);
}

/** Signs a document. @param keyid a hint for whoever looks for the key. */
export function sealed(
  payloadType: string,
  payload: Uint8Array,
  keyid: string,
  sign: (message: Uint8Array) => Uint8Array,
): DsseEnvelope {
  const sig = Buffer.from(sign(preAuthenticationEncoding(payloadType, payload))).toString('base64');
  return { payloadType, payload: Buffer.from(payload).toString('base64'), signatures: [{ keyid, sig }] };
}
