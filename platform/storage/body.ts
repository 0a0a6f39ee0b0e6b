import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { crc32 } from 'node:zlib';
import { S3Fault } from './fault.ts';

/** What the aws-chunked encoding adds at most: sizes, signatures and line ends of chunks of at least 1 KB, trailers. */
const FRAMING_SHARE = 0.25;
const FRAMING_BYTES = 16 * 1024;

/** A body and the checksum that came with it, as its header says it. */
export interface Upload {
  bytes: Buffer;
  checksum: { header: string; value: string } | null;
}

/** The checksums that are verified here; the client's default is CRC32. */
const CHECKSUMS: Record<string, (bytes: Buffer) => Buffer> = {
  'x-amz-checksum-crc32': (bytes) => {
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(bytes));
    return sum;
  },
  'x-amz-checksum-sha1': (bytes) => createHash('sha1').update(bytes).digest(),
  'x-amz-checksum-sha256': (bytes) => createHash('sha256').update(bytes).digest(),
};
const CHECKSUM = /^x-amz-checksum-(?!algorithm$|mode$|type$)/;

const tooLarge = (limitBytes: number): S3Fault => new S3Fault(400, 'EntityTooLarge',
  `Your proposed upload exceeds the maximum allowed object size of ${limitBytes} bytes.`);
const incomplete = (): S3Fault => new S3Fault(400, 'IncompleteBody',
  'The request body is not what its headers or its chunks announced.');

/** The size that a body will have, by its headers. Throws S3Fault 411 when they do not say. */
function announcedBytes(headers: IncomingHttpHeaders): number {
  const text = String(headers['x-amz-decoded-content-length'] ?? headers['content-length'] ?? '');
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new S3Fault(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.');
}

/** What is beyond the limit is read and dropped, so that whoever sends it is there for the answer. */
function readAll(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limitBytes) chunks.push(chunk);
      else chunks.length = 0;
    });
    request.once('end', () => size <= limitBytes ? resolve(Buffer.concat(chunks)) : reject(incomplete()));
    request.once('error', reject);
  });
}

/** aws-chunked (docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html): sized chunks, then trailers. */
function unchunk(encoded: Buffer): { bytes: Buffer; trailers: Record<string, string> } {
  const chunks: Buffer[] = [];
  let at = 0;
  const line = (): string => {
    const end = encoded.indexOf('\r\n', at);
    if (end < 0) throw incomplete();
    const text = encoded.toString('latin1', at, end);
    at = end + 2;
    return text;
  };
  for (;;) {
    const [, hex] = /^([0-9a-f]{1,8})(?:;.*)?$/i.exec(line()) ?? [];
    if (hex === undefined) throw incomplete();
    const size = parseInt(hex, 16);
    if (size === 0) break;
    if (at + size + 2 > encoded.length || encoded.toString('latin1', at + size, at + size + 2) !== '\r\n') {
      throw incomplete();
    }
    chunks.push(encoded.subarray(at, at + size));
    at += size + 2;
  }
  const trailers: Record<string, string> = {};
  while (at < encoded.length) {
    const [name = '', value = ''] = line().split(/:(.*)/s);
    if (name !== '') trailers[name.toLowerCase().trim()] = value.trim();
  }
  return { bytes: Buffer.concat(chunks), trailers };
}

function checksumOf(bytes: Buffer, fields: Record<string, unknown>): Upload['checksum'] {
  const header = Object.keys(fields).find((name) => CHECKSUM.test(name));
  if (header === undefined) return null;
  const sum = Object.hasOwn(CHECKSUMS, header) ? CHECKSUMS[header] : undefined;
  if (!sum) throw new S3Fault(501, 'NotImplemented', `${header} is not verified here: use CRC32, SHA1 or SHA256.`);
  const value = sum(bytes).toString('base64');
  if (value === fields[header]) return { header, value };
  throw new S3Fault(400, 'BadDigest', 'The checksum that you specified did not match what we received.');
}

/** Reads an object's content, up to `limitBytes`, and verifies it by whatever came along. Throws S3Fault. */
export async function readUpload(request: IncomingMessage, limitBytes: number): Promise<Upload> {
  const { headers } = request;
  const announced = announcedBytes(headers);
  if (announced > limitBytes) throw tooLarge(limitBytes);
  const isChunked = /(^|,)\s*aws-chunked\s*(,|$)/.test(headers['content-encoding'] ?? '')
    || String(headers['x-amz-content-sha256']).startsWith('STREAMING-');
  const raw = await readAll(request, isChunked ? limitBytes * (1 + FRAMING_SHARE) + FRAMING_BYTES : announced);
  const { bytes, trailers } = isChunked ? unchunk(raw) : { bytes: raw, trailers: {} };
  if (bytes.length !== announced) throw incomplete();
  const sha256 = headers['x-amz-content-sha256'];
  if (typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256)
    && sha256 !== createHash('sha256').update(bytes).digest('hex')) {
    throw new S3Fault(400, 'XAmzContentSHA256Mismatch', 'The provided x-amz-content-sha256 does not match the body.');
  }
  const md5 = headers['content-md5'];
  if (md5 !== undefined && md5 !== createHash('md5').update(bytes).digest('base64')) {
    throw new S3Fault(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
  return { bytes, checksum: checksumOf(bytes, { ...headers, ...trailers }) };
}
