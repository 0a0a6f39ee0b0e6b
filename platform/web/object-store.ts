import { createBreaker } from '../shared/breaker.ts';
import type { Breaker } from '../shared/breaker.ts';
import type { PartConfig } from '../shared/part.ts';
import { STORAGE } from '../shared/storage.ts';

/** An object of a few 100 KB takes some ms; this is for a store that answers slowly. */
const TIME_LIMIT_MS = 2000;
/** While a user waits: one more try where the first one failed at once. */
const RETRIES = { attempts: 2, baseMs: 100, maxMs: 300, startWithinMs: 600 };

export interface StoredObject {
  key: string;
  content: Buffer;
  contentType: string;
}
export type ObjectStore = ReturnType<typeof createObjectStore>;

/** Object storage through the official client, behind a breaker. */
export function createObjectStore({ storageUrl }: Pick<PartConfig, 'storageUrl'>) {
  const breaker: Breaker = createBreaker('storage', { timeoutMs: TIME_LIMIT_MS });
  // Loading the client takes longer than all else here: begun at once, so that no upload waits for it.
  const loaded = import('@aws-sdk/client-s3').then(({ S3Client, PutObjectCommand, DeleteObjectCommand }) => ({
    PutObjectCommand, DeleteObjectCommand,
    client: new S3Client({
      endpoint: storageUrl, region: STORAGE.region, credentials: STORAGE.credentials, forcePathStyle: true,
      // Retries are ours, behind the breaker: the client's own would multiply them.
      maxAttempts: 1,
    }),
  }));
  loaded.catch(() => undefined);

  async function put({ key, content, contentType }: StoredObject, signal: AbortSignal): Promise<void> {
    const { client, PutObjectCommand } = await loaded;
    const command = new PutObjectCommand({ Bucket: STORAGE.bucket, Key: key, Body: content, ContentType: contentType });
    await client.send(command, { abortSignal: signal });
  }

  return {
    /** Stores an object; doing so again changes nothing. With `retry`, a failure that came at once is tried again. */
    put: (object: StoredObject, { retry }: { retry: boolean }): Promise<void> => retry
      ? breaker.runWithRetries((signal) => put(object, signal), RETRIES)
      : breaker.run((signal) => put(object, signal)),
    /** Removes an object; one that is not there is no failure. */
    remove: (key: string): Promise<void> => breaker.run(async (signal) => {
      const { client, DeleteObjectCommand } = await loaded;
      await client.send(new DeleteObjectCommand({ Bucket: STORAGE.bucket, Key: key }), { abortSignal: signal });
    }),
    fellBack: (): void => breaker.fellBack(),
  };
}
