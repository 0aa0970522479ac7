import type { Json, JsonObject } from '../format/json.js';

/** One entry of an error body. */
export interface ErrorMessage {
  readonly message: string;
  readonly detail?: string;
}

/** A request that REST answers with an error status and the mirror's error body. */
export class HttpError extends Error {
  readonly status: number;
  readonly messages: readonly ErrorMessage[];

  constructor(status: number, messages: readonly ErrorMessage[]) {
    super(messages.map(({ message }) => message).join('; '));
    this.name = 'HttpError';
    this.status = status;
    this.messages = messages;
  }
}

/** 400 naming the parameters that are not acceptable. */
export function invalidParameters(...names: readonly string[]): HttpError {
  return new HttpError(
    400,
    names.map((name) => ({ message: `Invalid parameter: ${name}` })),
  );
}

/** 400 with the given texts. */
export function badRequest(...texts: readonly string[]): HttpError {
  return new HttpError(
    400,
    texts.map((message) => ({ message })),
  );
}

/** 404 as the REST service in JavaScript words it. */
export function notFound(text = 'Not found'): HttpError {
  return new HttpError(404, [{ message: text }]);
}

/** An error of the endpoints that the network serves from its Java service: reason phrase plus detail. */
export function javaError(status: 400 | 404 | 405 | 415, detail: string): HttpError {
  const phrases = { 400: 'Bad Request', 404: 'Not Found', 405: 'Method Not Allowed', 415: 'Unsupported Media Type' };
  return new HttpError(status, [{ message: phrases[status], detail }]);
}

/** The body `{"_status":{"messages":[...]}}`. */
export function errorBody(messages: readonly ErrorMessage[]): JsonObject {
  return {
    _status: { messages: messages.map((entry): Json => ({ message: entry.message, detail: entry.detail })) },
  };
}
