import type { Readable } from 'node:stream';
import type { S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import type { BucketPlace } from '@gatepost/shared/config/artifacts';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import {
  type ArtifactName,
  type ArtifactStore,
  artifactPath,
  NO_BYTES,
  otherBytes,
  proveBy,
  requireNamed,
  unavailable,
} from './artifact-store.js';

/** What a bucket needs and nobody else does: whoever keeps artifacts in one installs it. */
const PACKAGE = '@aws-sdk/client-s3@3';
/** Milliseconds until a connection must stand, and in which something must come over it. */
const CONNECTION_MS = 5_000;
const SILENCE_MS = 30_000;
/** How long one request may take, its retries included. */
const REQUEST_MS = 600_000;
/** Requests of one call, its retries included; the pauses between them grow. */
const TRIES = 3;

/** The client, loaded when a bucket is named and only then. @throws GatepostError INVALID_CONFIG */
async function library() {
  try {
    return await import('@aws-sdk/client-s3');
  } catch (error) {
    throw new GatepostError(
      'INVALID_CONFIG',
      `the configuration keeps artifacts in a bucket, and the package for it is not installed; install it with npm install ${PACKAGE}`,
      {},
      error,
    );
  }
}

type Library = Awaited<ReturnType<typeof library>>;

const statusOf = (error: unknown): number | undefined =>
  (error as Partial<S3ServiceException>).$metadata?.httpStatusCode;

/**
 * Artifacts as objects of a bucket of a service that speaks S3. Who asks is found as AWS's other clients find it: in the
 * environment (AWS_ACCESS_KEY_ID and so on), a profile, or the host's role; nothing of it is kept or told here.
 */
export class BucketStore implements ArtifactStore {
  readonly place: string;

  private constructor(
    readonly library: Library,
    readonly client: S3Client,
    readonly bucket: BucketPlace,
  ) {
    const below = bucket.prefix === '' ? bucket.bucket : `${bucket.bucket}/${bucket.prefix}`;
    this.place = bucket.endpoint === undefined ? `s3://${below}` : `s3://${below} at ${bucket.endpoint}`;
  }

  /** @throws GatepostError INVALID_CONFIG when the client is not installed. */
  static async open(bucket: BucketPlace): Promise<BucketStore> {
    const loaded = await library();
    const client = new loaded.S3Client({
      region: bucket.region,
      // Elsewhere than at AWS, buckets have no host names of their own.
      ...(bucket.endpoint === undefined ? {} : { endpoint: bucket.endpoint, forcePathStyle: true }),
      maxAttempts: TRIES,
      // A signed request has the digest of its body; the checksums beside it are not known everywhere.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: { connectionTimeout: CONNECTION_MS, requestTimeout: SILENCE_MS, throwOnRequestTimeout: true },
    });
    return new BucketStore(loaded, client, bucket);
  }

  #object({ digest }: ArtifactName) {
    const { bucket: Bucket, prefix } = this.bucket;
    return { Bucket, Key: prefix === '' ? artifactPath(digest) : `${prefix}/${artifactPath(digest)}` };
  }

  get #patience() {
    return { abortSignal: AbortSignal.timeout(REQUEST_MS) };
  }

  async put(name: ArtifactName, bytes: Buffer): Promise<void> {
    if ((await this.#sizeOf(name)) !== name.size) await this.#write(name, bytes);
  }

  /** Bytes of what is there; undefined when nothing is, or when it may not be asked, which says nothing of writing. */
  async #sizeOf(name: ArtifactName): Promise<number | undefined> {
    const { HeadObjectCommand } = this.library;
    try {
      return (await this.client.send(new HeadObjectCommand(this.#object(name)), this.#patience)).ContentLength;
    } catch (error) {
      if (statusOf(error) === 404 || statusOf(error) === 403) return undefined;
      throw unavailable(this.place, 'cannot be asked', error);
    }
  }

  async #write(name: ArtifactName, bytes: Buffer): Promise<void> {
    const { PutObjectCommand } = this.library;
    const object = { ...this.#object(name), Body: bytes, ContentLength: bytes.length };
    try {
      await this.client.send(
        new PutObjectCommand({ ...object, ContentType: 'application/octet-stream' }),
        this.#patience,
      );
    } catch (error) {
      throw unavailable(this.place, 'cannot be written', error);
    }
  }

  async get(name: ArtifactName): Promise<Buffer | undefined> {
    const { GetObjectCommand } = this.library;
    try {
      const { Body } = await this.client.send(new GetObjectCommand(this.#object(name)), this.#patience);
      return requireNamed(this.place, name, await this.#read(name, Body as Readable));
    } catch (error) {
      const { name: kind } = error as Error;
      if (kind === 'NoSuchKey' || (statusOf(error) === 404 && kind !== 'NoSuchBucket')) return undefined;
      throw unavailable(this.place, 'cannot be read', error);
    }
  }

  /** No more than was named, whatever the store says that it has. */
  async #read(name: ArtifactName, body: Readable): Promise<Buffer> {
    const parts: Buffer[] = [];
    let size = 0;
    for await (const part of body as AsyncIterable<Buffer>) {
      size += part.length;
      if (size > name.size) throw otherBytes(this.place, name, `more than ${name.size} bytes`);
      parts.push(part);
    }
    return Buffer.concat(parts);
  }

  prove(): Promise<void> {
    return proveBy(this, () => this.#write(NO_BYTES, Buffer.alloc(0)));
  }

  close(): void {
    this.client.destroy();
  }
}
