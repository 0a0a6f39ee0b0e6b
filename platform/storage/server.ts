// A local stand-in for object storage, speaking the part of S3's API that an application's uploads use; path style.
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { createControl } from '../shared/control.ts';
import { processFigures, requestFigure } from '../shared/figures.ts';
import { requestLog, sendJson } from '../shared/http.ts';
import { PartFault, giveUp, joinParent, listen, partConfig } from '../shared/part.ts';
import { STORAGE } from '../shared/storage.ts';
import { readUpload } from './body.ts';
import { S3Fault, document } from './fault.ts';
import { listObjects } from './lists.ts';
import { openObjects } from './objects.ts';
import type { Kept, ObjectHead, Objects } from './objects.ts';

/** `slow`, unless the fault says how slow. */
const SLOW_MS = 6000;
/** S3's longest key, in bytes of UTF-8. */
const MAX_KEY_BYTES = 1024;
/** What an XML list of keys cannot hold. */
const UNLISTABLE = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;
const KEPT = ['content-type', 'cache-control', 'content-disposition', 'content-language', 'expires'];
/** Parts of S3 that change what a request means; ignoring them would be answering something else. */
const UNKNOWN_HEADERS = ['x-amz-copy-source', 'if-match', 'if-none-match'];
/** S3 itself slows down with 503; 429 is what every client, and the harness, tells apart as a limit. */
const REFUSALS = {
  'rate-limit': [429, 'SlowDown', 'Please reduce your request rate.'],
  'error-500': [500, 'InternalError', 'We encountered an internal error. Please try again.'],
  'error-503': [503, 'ServiceUnavailable', 'Service is unable to handle request.'],
} as const;

const config = partConfig();
const objects = openStore();
const log = requestLog(config.dataDir, 'storage');
const control = createControl({
  token: config.operationsToken, seed: config.seed, modes: ['rate-limit', 'error-500', 'error-503', 'slow'],
});
let requests = 0;

function openStore(): Objects {
  try {
    const folder = join(config.dataDir, 'storage');
    mkdirSync(folder, { recursive: true });
    return openObjects(join(folder, 'objects.db'));
  } catch (error) {
    throw new PartFault('P_DATA_DIR', `the data directory cannot be used: ${(error as Error).message}`);
  }
}

/** The signature itself is not verified: there is one key, for this machine only. But it has to be there. */
function authorise(headers: IncomingHttpHeaders): void {
  const { authorization = '' } = headers;
  if (authorization === '') throw new S3Fault(403, 'AccessDenied', 'Access Denied');
  const [, key] = /^AWS4-HMAC-SHA256 Credential=([^/,]+)\/[^,]+,\s*SignedHeaders=[^,]+,\s*Signature=[0-9a-f]{64}$/
    .exec(authorization) ?? [];
  if (key === undefined) {
    throw new S3Fault(400, 'AuthorizationHeaderMalformed', 'The authorization header that you provided is not valid.');
  }
  if (key !== STORAGE.credentials.accessKeyId) {
    throw new S3Fault(403, 'InvalidAccessKeyId', 'The AWS access key ID that you provided does not exist.');
  }
}

/** Bucket and key of a path, as they were sent: `.` and `..` are names like any other. Throws S3Fault. */
function addressOf(path: string): { bucket: string; key: string } {
  const [, bucket = '', rest = ''] = /^\/([^/]*)(?:\/(.*))?$/s.exec(path) ?? [];
  let key: string;
  try {
    key = decodeURIComponent(rest);
  } catch {
    throw new S3Fault(400, 'InvalidURI', "Couldn't parse the specified URI.");
  }
  if (bucket === '') throw new S3Fault(501, 'NotImplemented', 'Requests to the service itself are not here.');
  if (bucket !== STORAGE.bucket) {
    throw new S3Fault(404, 'NoSuchBucket', `The specified bucket does not exist; there is ${STORAGE.bucket}.`);
  }
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw new S3Fault(400, 'KeyTooLongError', 'Your key is too long.');
  if (UNLISTABLE.test(key)) throw new S3Fault(400, 'InvalidArgument', 'A key holds no control characters here.');
  return { bucket, key };
}

function keptHeaders(headers: IncomingHttpHeaders): Kept {
  const encoding = headers['content-encoding']?.split(',').map((one) => one.trim())
    .filter((one) => one !== 'aws-chunked').join(',');
  return {
    'content-type': 'binary/octet-stream',
    ...Object.fromEntries(Object.entries(headers)
      .filter(([name]) => KEPT.includes(name) || name.startsWith('x-amz-meta-'))
      .map(([name, value]) => [name, String(value)])),
    ...(encoding ? { 'content-encoding': encoding } : {}),
  };
}

const headersOf = (head: ObjectHead): Record<string, string> => ({
  ...head.headers, 'etag': head.etag, 'content-length': String(head.sizeBytes),
  'last-modified': new Date(head.modifiedMs).toUTCString(),
});
const noSuchKey = (): S3Fault => new S3Fault(404, 'NoSuchKey', 'The specified key does not exist.');

async function put(request: IncomingMessage, response: ServerResponse, bucket: string, key: string): Promise<void> {
  const upload = await readUpload(request, STORAGE.maxObjectBytes);
  await meet(response);
  const checksum: Kept = upload.checksum === null ? {} : { [upload.checksum.header]: upload.checksum.value };
  const { etag } = objects.put(bucket, key, upload, { ...keptHeaders(request.headers), ...checksum });
  response.writeHead(200, { etag, ...checksum }).end();
}

/** What a fault of the provider makes of a request that has come in whole: it is refused, or done late. */
async function meet(response: ServerResponse): Promise<void> {
  const strike = control.strike();
  if (strike?.kind === 'delay') await after(strike.delayMs ?? SLOW_MS);
  if (strike?.kind !== 'refuse') return;
  for (const [name, value] of Object.entries(strike.headers)) response.setHeader(name, value);
  const [status, code, message] = REFUSALS[strike.mode];
  throw new S3Fault(status, code, message);
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = '', headers } = request;
  authorise(headers);
  const [path = '', search = ''] = (request.url ?? '/').split(/\?(.*)/s);
  const { bucket, key } = addressOf(path);
  const query = new URLSearchParams(search);
  const strange = UNKNOWN_HEADERS.find((name) => headers[name] !== undefined && method === 'PUT')
    // The client names its operations in the query (x-id); everything else there is another operation.
    ?? (key === '' ? undefined : [...query.keys()].find((name) => name !== 'x-id'));
  if (strange !== undefined) {
    throw new S3Fault(501, 'NotImplemented', `${strange}: this part of S3's API is not here.`);
  }
  if (method === 'PUT' && key !== '') return put(request, response, bucket, key);
  await meet(response);
  if (method === 'GET' && key === '') {
    const text = listObjects(objects, bucket, query);
    response.writeHead(200, { 'content-type': 'application/xml' }).end(text);
  } else if (key !== '' && (method === 'GET' || method === 'HEAD')) {
    const head = objects.head(bucket, key);
    const body = method === 'GET' ? objects.body(bucket, key) : undefined;
    if (head === null || body === null) throw noSuchKey();
    response.writeHead(200, headersOf(head)).end(body);
  } else if (key !== '' && method === 'DELETE') {
    objects.remove(bucket, key);
    response.writeHead(204).end();
  } else throw new S3Fault(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.');
}

function refuse(request: IncomingMessage, response: ServerResponse, fault: unknown, requestId: string): void {
  const { status, code, message } = fault instanceof S3Fault
    ? fault : new S3Fault(500, 'InternalError', 'We encountered an internal error. Please try again.');
  const text = document('Error', {
    Code: code, Message: message, Resource: (request.url ?? '/').split('?', 1)[0], RequestId: requestId,
  });
  response.writeHead(status, { 'content-type': 'application/xml' }).end(request.method === 'HEAD' ? undefined : text);
}

const server = createServer((request, response) => {
  if (request.url === '/healthz') return sendJson(response, 200, { status: 'ok' });
  if (request.url === '/figures') {
    return sendJson(response, 200, [...processFigures('storage'), requestFigure('storage', requests)]);
  }
  if (control.handles(request, response)) return;
  log(request, response);
  requests += 1;
  const requestId = randomBytes(8).toString('hex').toUpperCase();
  response.setHeader('x-amz-request-id', requestId);
  handle(request, response).catch((fault: unknown) => {
    if (response.headersSent || response.destroyed) response.destroy();
    else refuse(request, response, fault, requestId);
  });
});
listen(server, config.port).then((port) => joinParent(port, config, () => {
  server.closeAllConnections();
  objects.close();
}), giveUp);
