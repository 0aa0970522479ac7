import { EventEmitter, once } from 'node:events';
import { expect, it } from 'vitest';
import { type SessionCall, SessionStream } from '../src/shell/grpc/session-stream.js';
import { type Behave, Hosted } from './support/hosted.js';
import { until } from './support/until.js';

const CHUNKS = 200;

/** A call whose peer never reads. */
function fullCall(): EventEmitter {
  return Object.assign(new EventEmitter(), { write: () => false });
}

it('a reader that is slow all along costs one listener, not one for each chunk', async () => {
  const call = fullCall();
  const stream = new SessionStream(call as unknown as SessionCall, {} as never);
  for (let chunk = 0; chunk < CHUNKS; chunk += 1) {
    expect(stream.send({ message: undefined })).toBe(false);
    const ready = stream.writable();
    call.emit('drain');
    await ready;
  }
  expect(call.listenerCount('drain')).toBe(1);
  expect(call.listenerCount('close')).toBe(1);
});

it('whoever waits for a reader goes on when the stream is over', async () => {
  for (const end of ['close', 'closed by the daemon'] as const) {
    const call = fullCall();
    const stream = new SessionStream(call as unknown as SessionCall, {} as never);
    stream.send({ message: undefined });
    const waiting = [stream.writable(), stream.writable()];
    if (end === 'close') call.emit('close');
    else stream.close();
    await Promise.all(waiting);
  }
});

it('a large output arrives whole at a coordinator that reads with pauses, without a warning', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error) => warnings.push(warning);
  process.on('warning', note);
  const large: Behave = async () => ({ ok: true, output: Buffer.alloc(12_000_000, 7) });
  const host = await Hosted.start({ executors: { large }, settings: { limits: { max_chunk: '16KiB' } } });
  const session = await host.session();
  host.dispatch(session, { task: 'a', type: 'large' });
  const { output_sha256 } = await session.finished('a');
  session.send({ fetch_output: { sha256: output_sha256, offset: 0 } });
  const size = () => session.of('output_chunk').reduce((sum: number, { data }) => sum + (data as Buffer).length, 0);
  while (size() < 12_000_000) {
    await once(session.stream, 'data');
    session.stream.pause();
    setImmediate(() => session.stream.resume());
  }
  await until(() => session.of('output_chunk').at(-1)?.last === true || undefined, 'the last chunk');
  expect(size()).toBe(12_000_000);
  expect(warnings).toEqual([]);
  process.off('warning', note);
  await host.close();
});
