import type { Nanos } from '../../core/model.js';
import type { Json } from '../format/json.js';
import type { MirrorNetwork } from '../network.js';
import type { Query } from '../query/filters.js';
import type { MirrorState } from '../store/mirror-state.js';

/** What a resource may read. */
export interface RestContext {
  readonly state: MirrorState;
  readonly network: MirrorNetwork;
  /** Network time. */
  now(): Nanos;
}

/** A request as resources see it: nothing of HTTP but its parts. */
export interface RestRequest {
  /** Path without query, for links. */
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Uint8Array;
  readonly contentType: string;
}

/** An answer with status 200; errors are thrown as HttpError. */
export interface RestResponse {
  readonly body: Json;
  /** Overrides the route's seconds of caching. */
  readonly maxAgeSeconds?: number;
  /** Sends the body, which must be a string, as plain text. */
  readonly plainText?: boolean;
}

/** A resource: a pure function of the mirror's state and a request. Throws HttpError. */
export type Resource = (context: RestContext, request: RestRequest) => RestResponse;

/** The value of a path parameter, which the route guarantees to be there. */
export function pathParameter(request: RestRequest, name: string): string {
  return request.params[name] ?? '';
}
