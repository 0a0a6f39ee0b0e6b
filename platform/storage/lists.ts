import { S3Fault, document } from './fault.ts';
import type { Objects } from './objects.ts';

const MAX_KEYS = 1000;

function maxKeys(query: URLSearchParams): number {
  const text = query.get('max-keys') ?? String(MAX_KEYS);
  if (/^\d{1,9}$/.test(text)) return Math.min(MAX_KEYS, Number(text));
  throw new S3Fault(400, 'InvalidArgument', 'max-keys must be a whole number.');
}

/** The bytes at which a page begins. */
function startOf(query: URLSearchParams): Buffer {
  const token = query.get('continuation-token');
  if (token !== null) {
    if (/^[\w-]+$/.test(token)) return Buffer.from(token, 'base64url');
    throw new S3Fault(400, 'InvalidArgument', 'The continuation token provided is incorrect.');
  }
  const after = query.get('start-after') ?? '';
  return after === '' ? Buffer.alloc(0) : Buffer.concat([Buffer.from(after), Buffer.from([0])]);
}

/** ListObjectsV2 (docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html). Throws S3Fault. */
export function listObjects(objects: Objects, bucket: string, query: URLSearchParams): string {
  if (query.get('list-type') !== '2') {
    throw new S3Fault(501, 'NotImplemented', 'Of the lists, only ListObjectsV2 (list-type=2) is here.');
  }
  const encoding = query.get('encoding-type') ?? undefined;
  if (encoding !== undefined && encoding !== 'url') {
    throw new S3Fault(400, 'InvalidArgument', 'Invalid Encoding Method specified in Request');
  }
  const shown = (text: string): string => encoding === 'url' ? encodeURIComponent(text).replaceAll('%2F', '/') : text;
  const [prefix, delimiter] = [query.get('prefix') ?? '', query.get('delimiter') ?? ''];
  const limit = maxKeys(query);
  const { entries, next } = objects.list(bucket, { prefix, delimiter, start: startOf(query), limit });
  // Of no keys at all there is no next page, whatever is there.
  const isTruncated = limit > 0 && next !== null;
  return document('ListBucketResult', {
    Name: bucket, Prefix: shown(prefix), Delimiter: delimiter === '' ? undefined : shown(delimiter),
    MaxKeys: limit, EncodingType: encoding, KeyCount: entries.length, IsTruncated: isTruncated,
    ContinuationToken: query.get('continuation-token') ?? undefined,
    NextContinuationToken: isTruncated ? next : undefined,
    StartAfter: query.has('start-after') ? shown(query.get('start-after') ?? '') : undefined,
    Contents: entries.flatMap((entry) => 'head' in entry ? [{
      Key: shown(entry.head.key), LastModified: new Date(entry.head.modifiedMs).toISOString(), ETag: entry.head.etag,
      Size: entry.head.sizeBytes, StorageClass: 'STANDARD',
    }] : []),
    CommonPrefixes: entries.flatMap((entry) => 'prefix' in entry ? [{ Prefix: shown(entry.prefix) }] : []),
  });
}
