/** JSON as the cases hold it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };
export type JsonObject = { readonly [key: string]: Json | undefined };

/** Left out of answers: they differ from run to run, or follow from the rest. */
const LEFT_OUT = new Set([
  'transactionHash',
  'hashLen',
  'consensusTimestamp',
  'transactionValidStart',
  'exchangeRate',
  'runningHash',
  'shardNum',
  'realmNum',
]);

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isEmpty = (value: Json | undefined): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (Array.isArray(value) && value.length === 0) ||
  (isObject(value) && Object.keys(value).length === 0);

/** An answer without what is empty, what differs from run to run, and the order of lists that have none. */
export function tidy(value: Json | undefined): Json | undefined {
  if (Array.isArray(value)) return value.map((entry) => tidy(entry) ?? {});
  if (!isObject(value)) return value;
  const entries = Object.entries(value).flatMap(([key, entry]): [string, Json][] => {
    if (LEFT_OUT.has(key)) return [];
    if (key === 'executionTime' || key === 'deletionTime') return entry == null ? [] : [[key, 'set']];
    const tidied = key === 'signers' ? sortedKeys(tidy(entry)) : tidy(entry);
    return tidied === undefined || isEmpty(tidied) ? [] : [[key, tidied]];
  });
  return Object.fromEntries(entries);
}

function sortedKeys(value: Json | undefined): Json | undefined {
  if (!isObject(value) || !Array.isArray(value.keys)) return value;
  return { ...value, keys: [...value.keys].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) };
}

/** What a node answered to one case. */
export interface RawAnswer {
  readonly precheck?: Json;
  readonly cost?: Json;
  readonly status?: Json;
  readonly receipt?: Json;
  readonly recQuery?: Json;
  readonly record?: Json;
  readonly children?: Json;
  readonly dups?: Json;
  readonly dupRecords?: Json;
  readonly answer?: Json;
  readonly details?: Json;
}

/** The short form of an answer: what is as one expects is left out. */
export function shortAnswer(raw: RawAnswer): Json {
  const { precheck, cost, status, receipt, recQuery, record, children, dups, dupRecords, answer, details } = raw;
  const list = (records: Json | undefined) => (Array.isArray(records) ? records.map(shortRecord) : undefined);
  return (
    tidy({
      precheck: precheck === 'OK' ? undefined : precheck,
      cost,
      status,
      receipt,
      recordQuery: recQuery === 'OK' ? undefined : recQuery,
      ...(record === undefined ? {} : ofStatus(shortRecord(record), status)),
      children: list(children),
      duplicates: dups,
      duplicateRecords: list(dupRecords),
      answer,
      details,
    }) ?? {}
  );
}

/** A record without its status when that is the receipt's. */
const ofStatus = ({ recordStatus, ...rest }: JsonObject, status: Json | undefined): JsonObject =>
  recordStatus === status ? rest : { recordStatus, ...rest };

function shortRecord(record: Json): JsonObject {
  if (!isObject(record)) return {};
  const { receipt, transactionID, transactionFee, transferList, tokenTransferLists, ...rest } = record;
  const id = isObject(transactionID) ? { ...transactionID, accountID: undefined } : undefined;
  return {
    recordStatus: isObject(receipt) ? receipt.status : undefined,
    id,
    fee: typeof transactionFee === 'string' ? Number(transactionFee) : transactionFee,
    hbar: transferList,
    tokens: tokenTransferLists,
    ...rest,
  };
}
