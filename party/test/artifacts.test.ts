import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ArtifactStore, artifactPath } from '@gatepost/party/artifacts/artifact-store';
import { artifactsLooks } from '@gatepost/party/artifacts/artifacts-look';
import { openArtifacts } from '@gatepost/party/artifacts/open-artifacts';
import { type ArtifactsPlace, artifactsPlace, artifactsSetting } from '@gatepost/shared/config/artifacts';
import { takeLooks } from '@gatepost/shared/doctor/finding';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  BUCKET,
  CREDENTIALS,
  MOTO,
  NO_OTHER_CREDENTIALS,
  type S3Server,
  startMoto,
  startS3rver,
} from './support/s3-servers.js';

const bytesOf = (text: string) => Buffer.from(text);
const nameOf = (bytes: Buffer) => ({ digest: sha256(bytes), size: bytes.length });

beforeEach(() => {
  for (const [name, value] of Object.entries({ ...CREDENTIALS, ...NO_OTHER_CREDENTIALS })) vi.stubEnv(name, value);
});

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), 'gatepost-artifacts-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

async function open(place: ArtifactsPlace): Promise<ArtifactStore> {
  const store = await openArtifacts(place);
  if (store === undefined) throw new Error('a place is a store');
  onTestFinished(() => store.close());
  return store;
}

const bucketAt = (endpoint: string, prefix = ''): ArtifactsPlace => ({
  s3: { endpoint, bucket: BUCKET, region: 'us-east-1', prefix },
});

/** What every store does. */
function suite(place: () => ArtifactsPlace, isHere = true) {
  it.runIf(isHere)('gives what was put there, however often, and nothing else', async () => {
    const store = await open(place());
    for (const bytes of [bytesOf('one'), bytesOf('two'), bytesOf('one'), Buffer.alloc(0), Buffer.alloc(5_000_000, 7)]) {
      await store.put(nameOf(bytes), bytes);
      const got = await store.get(nameOf(bytes));
      expect(got?.equals(bytes), `${bytes.length} bytes`).toBe(true);
    }
    expect(await store.get(nameOf(bytesOf('never put')))).toBeUndefined();
    await store.prove();
  });

  it.runIf(isHere)('refuses other bytes under a name, and says so', async () => {
    const store = await open(place());
    const [named, other] = [bytesOf('what was made'), bytesOf('what was mAde')];
    await store.put(nameOf(named), other);
    await expect(store.get(nameOf(named))).rejects.toMatchObject({
      code: 'OUTPUT_CORRUPT',
      message: expect.stringMatching(/has other bytes than those of .*their SHA-256 is/),
    });
    const longer = bytesOf('longer');
    await store.put({ ...nameOf(longer), size: 3 }, longer.subarray(0, 3));
    await expect(store.get({ ...nameOf(longer), size: 3 })).rejects.toMatchObject({ code: 'OUTPUT_CORRUPT' });
    await store.put({ ...nameOf(longer), size: 3 }, longer);
    await expect(store.get({ ...nameOf(longer), size: 2 })).rejects.toMatchObject({ code: 'OUTPUT_CORRUPT' });
    // One of another size is put there anew.
    await store.put(nameOf(longer), longer);
    expect(await store.get(nameOf(longer))).toEqual(longer);
  });
}

describe('a directory', () => {
  suite(() => ({ directory: directory() }));

  it('has files that its owner alone reads, at the places of their digests, and nothing half written', async () => {
    const path = directory();
    const store = await open({ directory: path });
    const bytes = bytesOf('output');
    await store.put(nameOf(bytes), bytes);
    const file = join(path, artifactPath(sha256(bytes)));
    expect(file).toContain(`/sha256/${sha256(bytes).slice(0, 2)}/${sha256(bytes)}`);
    expect(readFileSync(file)).toEqual(bytes);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(file, '..'))).toEqual([sha256(bytes)]);
  });

  it('that is not there is not made, since something else may be meant to be mounted there', async () => {
    const store = await open({ directory: join(directory(), 'mount') });
    const bytes = bytesOf('output');
    for (const asking of [() => store.put(nameOf(bytes), bytes), () => store.get(nameOf(bytes)), () => store.prove()]) {
      await expect(asking()).rejects.toMatchObject({
        code: 'ARTIFACTS_UNAVAILABLE',
        message: expect.stringMatching(/mount.*there is no such directory; make it, or mount/),
      });
    }
  });

  it('that cannot be written says why', async () => {
    const path = directory();
    writeFileSync(join(path, 'sha256'), 'a file where the directory should be');
    const store = await open({ directory: path });
    const bytes = bytesOf('output');
    await expect(store.put(nameOf(bytes), bytes)).rejects.toMatchObject({
      code: 'ARTIFACTS_UNAVAILABLE',
      message: expect.stringMatching(/cannot be written: (ENOTDIR|EEXIST)/),
    });
  });
});

describe('a bucket', () => {
  describe.each([
    { of: 's3rver', start: startS3rver, isHere: true },
    // Where there is no moto_server (pip install 'moto[server]'), its tests are shown as skipped.
    { of: 'moto', start: startMoto, isHere: MOTO },
  ])('of $of', ({ start, isHere }) => {
    let server: S3Server | undefined;
    beforeAll(async () => {
      if (isHere) server = await start();
    }, 60_000);
    afterAll(() => server?.close());
    const endpoint = () => server?.endpoint ?? '';
    suite(() => bucketAt(endpoint(), 'team/one'), isHere);

    it.runIf(isHere)('keeps what begins differently apart', async () => {
      const bytes = bytesOf('of one');
      await (await open(bucketAt(endpoint(), 'one'))).put(nameOf(bytes), bytes);
      expect(await (await open(bucketAt(endpoint(), 'two'))).get(nameOf(bytes))).toBeUndefined();
    });

    it.runIf(isHere)('that is not there is no store without artifacts, but one that fails', async () => {
      const store = await open({
        s3: { endpoint: endpoint(), bucket: 'nobodys', region: 'us-east-1', prefix: '' },
      });
      const bytes = bytesOf('output');
      for (const asked of [() => store.put(nameOf(bytes), bytes), () => store.get(nameOf(bytes))]) {
        await expect(asked()).rejects.toMatchObject({ code: 'ARTIFACTS_UNAVAILABLE' });
      }
    });
  });

  it('takes nobody whose key is wrong, and no key is told', async () => {
    const server = await startS3rver();
    onTestFinished(() => server.close());
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'a-wrong-secret');
    const store = await open(bucketAt(server.endpoint));
    const error = await store.prove().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ARTIFACTS_UNAVAILABLE', message: expect.stringMatching(/signature/i) });
    const { message, stack, meta, cause } = error as Error & { meta: unknown };
    expect(JSON.stringify([message, stack, meta, cause])).not.toMatch(/a-wrong-secret|S3RVER/);
  });

  it('that nobody may use without credentials says that there are none', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined);
    const store = await open(bucketAt('http://127.0.0.1:9'));
    await expect(store.prove()).rejects.toMatchObject({
      code: 'ARTIFACTS_UNAVAILABLE',
      message: expect.stringMatching(/credentials/i),
    });
  });

  /** A service that answers as it likes. */
  async function hostile(answer: RequestListener): Promise<string> {
    const server = createServer(answer).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it('that sends without end is read no further than the output is long', async () => {
    let sent = 0;
    const endpoint = await hostile((_request, response) => {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) sent += 65_536;
      };
      response.on('drain', more);
      more();
    });
    const store = await open(bucketAt(endpoint));
    await expect(store.get({ digest: sha256('x'), size: 1_000 })).rejects.toMatchObject({ code: 'OUTPUT_CORRUPT' });
    expect(sent).toBeLessThan(20_000_000);
  });

  it('that sends elsewhere is not followed', async () => {
    let asked = 0;
    const other = await hostile((_request, response) => {
      asked += 1;
      response.end();
    });
    const endpoint = await hostile((_request, response) => {
      response.writeHead(307, { location: `${other}/artifacts/x` }).end();
    });
    const store = await open(bucketAt(endpoint));
    const bytes = bytesOf('output');
    for (const asking of [() => store.put(nameOf(bytes), bytes), () => store.get(nameOf(bytes))]) {
      await expect(asking()).rejects.toMatchObject({ code: 'ARTIFACTS_UNAVAILABLE' });
    }
    expect(asked).toBe(0);
  });

  it('that fails for a moment is asked again, and what it says is made printable and cut', async () => {
    let asked = 0;
    const endpoint = await hostile((_request, response) => {
      asked += 1;
      response
        .writeHead(503)
        .end(`<Error><Code>SlowDown</Code><Message>\u001b[2J${'a'.repeat(5_000)}</Message></Error>`);
    });
    const store = await open(bucketAt(endpoint));
    const error = (await store.get(nameOf(bytesOf('output'))).catch((thrown: unknown) => thrown)) as Error;
    expect(asked).toBe(3);
    expect(error.message).not.toContain('\u001b');
    expect(error.message.length).toBeLessThan(500);
  });
});

describe('the setting', () => {
  const problems = (setting: unknown) =>
    (artifactsSetting.safeParse(setting).error?.issues ?? []).map(
      ({ path, message }) => `${path.join('.')} ${message}`,
    );

  it('names one place', () => {
    const compiled = (setting: unknown) => artifactsPlace(artifactsSetting.parse(setting), '/etc/gatepost');
    expect(compiled({ directory: 'artifacts' })).toEqual({ directory: '/etc/gatepost/artifacts' });
    expect(compiled({ s3: { bucket: 'artifacts' } })).toEqual({
      s3: { bucket: 'artifacts', region: 'us-east-1', prefix: '' },
    });
    expect(problems({})).toEqual([' must name a directory, or s3']);
    expect(problems({ directory: 'a', s3: { bucket: 'artifacts' } })).toEqual([' must name a directory, or s3']);
  });

  it.each([
    [{ endpoint: 'http://10.0.0.1:9000' }, 's3.endpoint must be https, or http on a loopback address'],
    [{ endpoint: 'https://me:secret@s3.example' }, 's3.endpoint must hold no credentials'],
    [{ endpoint: 's3.example' }, 's3.endpoint must be an https address'],
    [{ endpoint: 'https://s3.example/?x' }, 's3.endpoint must be an address without ? and #'],
    [{ bucket: 'A' }, 's3.bucket must be the name of a bucket'],
    [{ prefix: '/a' }, 's3.prefix must be names with slashes between them'],
    [{ secret_access_key: 'x' }, 's3 Unrecognized key: "secret_access_key"'],
  ])('refuses %j', (changed, problem) => {
    expect(problems({ s3: { bucket: 'artifacts', ...changed } })).toEqual([expect.stringContaining(problem)]);
  });
});

describe('the doctor', () => {
  const look = (place: ArtifactsPlace | undefined, use: 'read' | 'write' = 'write') =>
    takeLooks(artifactsLooks(place, use));

  it('finds out whether a store can be written, or be read, and what is wrong', async () => {
    const path = directory();
    expect(await look(undefined)).toEqual([]);
    expect(await look({ directory: path }, 'read')).toMatchObject([{ id: 'artifacts', detail: path }]);
    expect(readdirSync(path)).toEqual([]);
    expect(await look({ directory: path })).toMatchObject([{ id: 'artifacts', level: 'ok' }]);
    expect(await look({ directory: join(path, 'missing') })).toMatchObject([
      { id: 'artifacts.unavailable', level: 'warning', detail: expect.stringMatching(/no such directory/) },
    ]);
    expect(await look(bucketAt('http://127.0.0.1:9'))).toMatchObject([
      { id: 'artifacts.unavailable', detail: expect.stringMatching(/ECONNREFUSED/) },
    ]);
  });
});
