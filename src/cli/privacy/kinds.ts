/** What a file is, by its first bytes. */
export type FileKind =
  | { kind: 'text'; encoding: 'utf-8' | 'utf-16le' | 'utf-16be' }
  | { kind: 'zip' | 'gzip' | 'binary' | 'picture' }
  | { kind: 'closed'; what: string };

const MAGIC: readonly [magic: string, kind: FileKind][] = [
  ['504b0304', { kind: 'zip' }],
  ['504b0506', { kind: 'zip' }],
  ['1f8b', { kind: 'gzip' }],
  ['ffd8ff', { kind: 'picture' }],
  ['89504e47', { kind: 'picture' }],
  ['47494638', { kind: 'picture' }],
  ['1a45dfa3', { kind: 'picture' }],
  ['28b52ffd', { kind: 'closed', what: 'a zstd archive' }],
  ['fd377a585a00', { kind: 'closed', what: 'an xz archive' }],
  ['425a68', { kind: 'closed', what: 'a bzip2 archive' }],
  ['377abcaf271c', { kind: 'closed', what: 'a 7z archive' }],
  ['526172211a07', { kind: 'closed', what: 'a rar archive' }],
  ['25504446', { kind: 'closed', what: 'a PDF' }],
  ['fffe', { kind: 'text', encoding: 'utf-16le' }],
  ['feff', { kind: 'text', encoding: 'utf-16be' }],
];
/** Enough to tell. */
export const HEAD_BYTES = 512;
/** Latin text in UTF-16 has a zero in every second place. */
const ZEROS_OF_UTF16 = 0.4;

/** Returns what begins with these bytes: HEAD_BYTES of them, or all there are. */
export function kindOf(head: Uint8Array): FileKind {
  const hex = Buffer.from(head.subarray(0, 8)).toString('hex');
  if (hex.startsWith('52494646') && Buffer.from(head.subarray(8, 12)).toString('latin1') === 'WEBP') return { kind: 'picture' };
  const known = MAGIC.find(([magic]) => hex.startsWith(magic));
  if (known) return known[1];
  const zeros = [0, 0];
  head.forEach((byte, at) => {
    if (byte === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1;
  });
  const [even = 0, odd = 0] = zeros;
  if (even + odd === 0) return { kind: 'text', encoding: 'utf-8' };
  if (even === 0 && odd > (head.length / 2) * ZEROS_OF_UTF16) return { kind: 'text', encoding: 'utf-16le' };
  if (odd === 0 && even > (head.length / 2) * ZEROS_OF_UTF16) return { kind: 'text', encoding: 'utf-16be' };
  return { kind: 'binary' };
}
