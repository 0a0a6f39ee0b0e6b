import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { letters } from '../letters.ts';
import { Memory } from './memory.ts';

/** What is hashed: the same text as another part has another hash, so that no two parts can be compared. */
export type Part = 'visitor' | 'path' | 'name' | 'host';

export type KeyedHash = (part: Part, text: string) => string;

export const KEY_BYTES = 32;

/** Returns a key that nobody has. */
export function newKey(): Buffer {
  return randomBytes(KEY_BYTES);
}

/**
 * Returns HMAC-SHA-256 under the key, in letters. Without the key nobody can tell which text a hash was made from by
 * trying: a plain hash of an IPv4 address is found in seconds.
 */
export function keyedHash(key: Buffer): KeyedHash {
  const secret = createSecretKey(key);
  const known = new Memory<string>();
  return (part, text) => {
    const input = `${part}\0${text}`;
    return known.of(input, () => letters(createHmac('sha256', secret).update(input).digest()));
  };
}
