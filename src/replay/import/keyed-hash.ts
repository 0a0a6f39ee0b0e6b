import { hash, randomBytes } from 'node:crypto';
import { letters } from '../letters.ts';
import { Memory } from './memory.ts';

/** What is hashed: the same text as another part has another hash, so that no two parts can be compared. */
export type Part = 'visitor' | 'path' | 'name' | 'host';

export type KeyedHash = (part: Part, text: string) => string;

export const KEY_BYTES = 32;
/** SHA-256 takes in so many bytes at a time. */
const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;

/** Returns a key that nobody has. */
export function newKey(): Buffer {
  return randomBytes(KEY_BYTES);
}

/**
 * Returns HMAC-SHA-256 under the key, in letters. Without the key nobody can tell which text a hash was made from by
 * trying: a plain hash of an IPv4 address is found in seconds.
 */
export function keyedHash(key: Buffer): KeyedHash {
  const hmac = hmacSha256(key);
  const known = new Memory<string>();
  return (part, text) => known.of(`${part}\0${text}`, (input) => letters(hmac(input)));
}

/**
 * Returns HMAC-SHA-256 (RFC 2104) with its digest as text of a byte a character. Made of two hashes and not by Node's
 * own createHmac, which makes three objects a call and takes four times as long; a test holds one against the other.
 */
export function hmacSha256(key: Buffer): (text: string) => string {
  const block = Buffer.alloc(BLOCK_BYTES);
  (key.length > BLOCK_BYTES ? hash('sha256', key, 'buffer') : key).copy(block);
  const [inner, outer] = [0x36, 0x5c].map((pad) => Buffer.from(block.map((byte) => byte ^ pad))) as [Buffer, Buffer];
  let input = Buffer.concat([inner, Buffer.alloc(1 << 12)]);
  const output = Buffer.concat([outer, Buffer.alloc(DIGEST_BYTES)]);
  return (text) => {
    // UTF-8 takes three bytes at most for a unit of a string.
    if (BLOCK_BYTES + 3 * text.length > input.length) input = Buffer.concat([inner, Buffer.alloc(3 * text.length)]);
    const bytes = input.write(text, BLOCK_BYTES);
    output.write(hash('sha256', input.subarray(0, BLOCK_BYTES + bytes), 'binary'), BLOCK_BYTES, 'latin1');
    return hash('sha256', output, 'binary');
  };
}
