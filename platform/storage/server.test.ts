import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, test } from 'node:test';
import {
  DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client,
} from '@aws-sdk/client-s3';
import type { ListObjectsV2CommandInput } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { STORAGE } from '../shared/storage.ts';
import { startPart } from '../testing.ts';

const storage = await startPart('storage');
const clientWith = (credentials: { accessKeyId: string; secretAccessKey: string }): S3Client => new S3Client({
  endpoint: storage.url, region: STORAGE.region, credentials, forcePathStyle: true, maxAttempts: 1,
});
const s3 = clientWith(STORAGE.credentials);
after(async () => {
  s3.destroy();
  await storage.stop();
});

const Bucket = STORAGE.bucket;
const put = (Key: string, Body: Buffer | string | Readable, more = {}) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
async function get(Key: string): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from(await Body?.transformToByteArray() ?? []);
}
const list = (ask: Partial<ListObjectsV2CommandInput> = {}) => s3.send(new ListObjectsV2Command({ Bucket, ...ask }));
const remove = (Key: string) => s3.send(new DeleteObjectCommand({ Bucket, Key }));

/** A request that the client would not send. `path` goes out as it is. */
function raw(method: string, path: string, headers: Record<string, string> = {}, body = ''): Promise<[number, string]> {
  const { hostname, port } = new URL(storage.url);
  return new Promise((resolve, reject) => {
    const call = request({ hostname, port, method, path, headers }, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => (text += String(chunk)));
      answer.once('end', () => resolve([answer.statusCode ?? 0, text]));
    });
    call.once('error', reject);
    call.end(body);
  });
}
const SIGNED = {
  authorization: `AWS4-HMAC-SHA256 Credential=${STORAGE.credentials.accessKeyId}/20261122/us-east-1/s3/aws4_request, `
    + `SignedHeaders=host, Signature=${'0'.repeat(64)}`,
};

test('what is put comes back, with its type, metadata and MD5, and is gone once deleted', async () => {
  const content = Buffer.from('a picture');
  const { ETag } = await put('uploads/a b+c.png', content, { ContentType: 'image/png', Metadata: { owner: 'ada' } });
  assert.equal(ETag, `"${createHash('md5').update(content).digest('hex')}"`);
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'uploads/a b+c.png' }));
  assert.deepEqual([head.ContentLength, head.ContentType, head.Metadata, head.ETag],
    [content.length, 'image/png', { owner: 'ada' }, ETag]);
  assert.ok(content.equals(await get('uploads/a b+c.png')));
  await remove('uploads/a b+c.png');
  await remove('uploads/a b+c.png');
  await assert.rejects(get('uploads/a b+c.png'), { name: 'NoSuchKey' });
  await assert.rejects(s3.send(new HeadObjectCommand({ Bucket, Key: 'uploads/a b+c.png' })), { name: 'NotFound' });
});

test('a stream arrives in chunks with a trailing checksum; so do checksums of other kinds', async () => {
  const content = Buffer.alloc(300_000, 'stream ');
  const pieces = Readable.from((function* () {
    for (let at = 0; at < content.length; at += 65_536) yield content.subarray(at, at + 65_536);
  })());
  await put('stream', pieces, { ContentLength: content.length, ContentEncoding: 'gzip' });
  assert.ok(content.equals(await get('stream')));
  assert.equal((await s3.send(new HeadObjectCommand({ Bucket, Key: 'stream' }))).ContentEncoding, 'gzip');
  for (const ChecksumAlgorithm of ['CRC32', 'SHA1', 'SHA256']) {
    await put('sum', content, { ChecksumAlgorithm });
    assert.ok(content.equals(await get('sum')), ChecksumAlgorithm);
  }
  await assert.rejects(put('sum', content, { ChecksumAlgorithm: 'CRC32C' }), { name: 'NotImplemented' });
});

test('any key and content comes back as it was, is listed as it is called, and never leaves the store', async () => {
  const signs = fc.constantFrom('.', '..', '/', 'a', '%', '&', '<', ' ', '+', '?', '#', 'é', '🎬', '"', "'", '\\', '\t');
  const keys = fc.array(signs, { minLength: 1, maxLength: 12 }).map((all) => all.join(''));
  await fc.assert(fc.asyncProperty(keys, fc.uint8Array({ maxLength: 2000 }), async (key, bytes) => {
    await put(`x${key}`, Buffer.from(bytes));
    assert.ok(Buffer.from(bytes).equals(await get(`x${key}`)));
    const { Contents } = await list({ Prefix: `x${key}` });
    assert.deepEqual(Contents?.map(({ Key }) => Key), [`x${key}`]);
    await remove(`x${key}`);
  }), { numRuns: 100, seed: 20261122 });
  assert.deepEqual(readdirSync(join(storage.dataDir, 'storage')).filter((name) => !name.startsWith('objects.db')), []);
});

test('a path out of the store is a key like any other', async () => {
  const [status] = await raw('PUT', `/${Bucket}/../../../escaped`, { ...SIGNED, 'content-length': '1' }, 'x');
  assert.equal(status, 200);
  assert.deepEqual([existsSync(join(storage.dataDir, 'escaped')), existsSync('/escaped')], [false, false]);
  assert.deepEqual((await list({ Prefix: '..' })).Contents?.map(({ Key }) => Key), ['../../../escaped']);
  await remove('../../../escaped');
});

test('lists are in order of their bytes, by prefix and delimiter, in pages that lose and repeat nothing', async () => {
  const keys = ['l/a', 'l/a/1', 'l/a/2', 'l/b', 'l/b-1', 'l/c/1', 'l/c/d/2', 'l/z', 'l/é', 'l/🎬', 'm'];
  for (const key of keys.toReversed()) await put(key, key);
  const sorted = keys.slice(0, -1).toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  for (const MaxKeys of [1, 3, 1000]) {
    const seen: string[] = [];
    let token: string | undefined;
    do {
      const page = await list({ Prefix: 'l/', MaxKeys, ...(token ? { ContinuationToken: token } : {}) });
      assert.ok((page.KeyCount ?? 0) <= MaxKeys);
      seen.push(...(page.Contents ?? []).map(({ Key }) => Key ?? ''));
      token = page.NextContinuationToken;
    } while (token);
    assert.deepEqual(seen, sorted, `${MaxKeys} a page`);
  }
  const folders = await list({ Prefix: 'l/', Delimiter: '/', EncodingType: 'url' });
  assert.deepEqual(folders.CommonPrefixes?.map(({ Prefix }) => Prefix), ['l/a/', 'l/c/']);
  assert.deepEqual(folders.Contents?.length, 6);
  const later = await list({ Prefix: 'l/', StartAfter: 'l/c/1' });
  assert.deepEqual(later.Contents?.map(({ Key }) => Key), sorted.slice(sorted.indexOf('l/c/1') + 1));
  assert.equal((await list({ MaxKeys: 0 })).IsTruncated, false);
  for (const key of keys) await remove(key);
});

test('a key and its content outlive the process', async () => {
  await put('kept', 'still here');
  await storage.restart();
  assert.equal(String(await get('kept')), 'still here');
});

test('more than 5 MB, wrong checksums and unknown ways are refused in S3\'s words', async () => {
  const most = Buffer.alloc(STORAGE.maxObjectBytes, 1);
  await put('large', most);
  assert.ok(most.equals(await get('large')));
  await assert.rejects(put('larger', Buffer.alloc(STORAGE.maxObjectBytes + 1)), { name: 'EntityTooLarge' });
  await assert.rejects(clientWith({ accessKeyId: 'other', secretAccessKey: 'x' }).send(
    new ListObjectsV2Command({ Bucket })), { name: 'InvalidAccessKeyId' });
  await assert.rejects(s3.send(new ListObjectsV2Command({ Bucket: 'elsewhere' })), { name: 'NoSuchBucket' });
  await assert.rejects(put('k'.repeat(1025), ''), { name: 'KeyTooLongError' });
  await assert.rejects(put('a', 'b', { IfNoneMatch: '*' }), { name: 'NotImplemented' });
  const file = `/${Bucket}/file`;
  const chunked = { 'content-encoding': 'aws-chunked', 'x-amz-decoded-content-length': '5' };
  const table: [string, string, Record<string, string>, string, number, string][] = [
    ['GET', file, {}, '', 403, 'AccessDenied'],
    ['GET', file, { authorization: 'Basic x' }, '', 400, 'AuthorizationHeaderMalformed'],
    ['PUT', file, { ...SIGNED, 'content-md5': 'AAAA' }, 'text', 400, 'BadDigest'],
    ['PUT', file, { ...SIGNED, 'x-amz-checksum-crc32': 'AAAA' }, 'text', 400, 'BadDigest'],
    ['PUT', file, { ...SIGNED, 'x-amz-content-sha256': '0'.repeat(64) }, 'text', 400, 'XAmzContentSHA256Mismatch'],
    ['PUT', file, { ...SIGNED, ...chunked }, '5\r\nhel', 400, 'IncompleteBody'],
    ['PUT', file, { ...SIGNED, ...chunked }, 'ffffffff\r\nhello\r\n0\r\n\r\n', 400, 'IncompleteBody'],
    ['PUT', file, { ...SIGNED, ...chunked }, '3\r\nhel\r\n0\r\n\r\n', 400, 'IncompleteBody'],
    ['PUT', file, { ...SIGNED, 'transfer-encoding': 'chunked' }, 'text', 411, 'MissingContentLength'],
    ['POST', file, SIGNED, '', 405, 'MethodNotAllowed'], ['PUT', `/${Bucket}`, SIGNED, '', 405, 'MethodNotAllowed'],
    ['GET', `${file}?acl`, SIGNED, '', 501, 'NotImplemented'], ['GET', '/', SIGNED, '', 501, 'NotImplemented'],
    ['GET', `/${Bucket}`, SIGNED, '', 501, 'NotImplemented'], ['GET', `${file}%zz`, SIGNED, '', 400, 'InvalidURI'],
    ['PUT', `${file}%01`, { ...SIGNED, 'content-length': '0' }, '', 400, 'InvalidArgument'],
    ['GET', `/${Bucket}?list-type=2&max-keys=x`, SIGNED, '', 400, 'InvalidArgument'],
    ['GET', `/${Bucket}?list-type=2&continuation-token=%00`, SIGNED, '', 400, 'InvalidArgument'],
  ];
  for (const [method, path, headers, body, status, code] of table) {
    const length = 'transfer-encoding' in headers ? {} : { 'content-length': String(body.length) };
    const [got, text] = await raw(method, path, { ...length, ...headers }, body);
    assert.equal(got, status, `${method} ${path}: ${text}`);
    assert.match(text, /^<\?xml version="1.0" encoding="UTF-8"\?>\n<Error><Code>\w+<\/Code><Message>/);
    assert.equal(/<Code>(.*)<\/Code>/.exec(text)?.[1], code);
  }
  await assert.rejects(get('file'), { name: 'NoSuchKey' }, 'nothing of it was kept');
});

test('faults of the provider are S3\'s errors, and end with the fault', async () => {
  const table: [mode: string, name: string, status: number][] = [
    ['rate-limit', 'SlowDown', 429], ['error-500', 'InternalError', 500], ['error-503', 'ServiceUnavailable', 503],
  ];
  for (const [mode, name, status] of table) {
    await storage.control('PUT', 'fault', { mode });
    await assert.rejects(put('fault', 'x'), (error: Error & { $metadata: { httpStatusCode: number } }) => {
      assert.deepEqual([error.name, error.$metadata.httpStatusCode], [name, status]);
      return true;
    });
  }
  await storage.control('PUT', 'fault', { mode: 'slow', delayMs: 50 });
  const startedMs = performance.now();
  await put('fault', 'x');
  assert.ok(performance.now() - startedMs >= 50);
  assert.equal((await storage.control('PUT', 'fault', { mode: 'no-webhook' })).status, 400);
  await storage.control('DELETE', 'fault');
});
