import { type Explored, explorerUrl } from '@gatepost/shared/vocabulary/explorer';
import { printable } from '@gatepost/shared/vocabulary/printable';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Place } from '../report.js';
import { dateTime } from '../words.js';

/** Name of the network that the report is about. */
export const Network = createContext('local');

/** An id, linked to its page in the explorer where the network has one. */
export function Id({ kind, id }: { readonly kind: Explored; readonly id: string }) {
  const url = explorerUrl({ name: useContext(Network) }, kind, id);
  const shown = printable(id);
  if (url === undefined) return <span class="id">{shown}</span>;
  return (
    <a class="id" href={url} rel="noreferrer noopener" target="_blank">
      {shown}
    </a>
  );
}

/** The record that says so: when, and which message of which topic. */
export function Where({ place }: { readonly place: Place }) {
  const url = explorerUrl({ name: useContext(Network) }, 'transaction', place.at);
  const message = `${printable(place.topic)} #${place.sequence}`;
  return (
    <span class="where">
      <time dateTime={`${dateTime(place.at).replace(' ', 'T')}Z`}>{dateTime(place.at)}</time>{' '}
      <small>
        {url === undefined ? (
          message
        ) : (
          <a href={url} rel="noreferrer noopener" target="_blank">
            {message}
          </a>
        )}{' '}
        at {place.at}
      </small>
    </span>
  );
}
