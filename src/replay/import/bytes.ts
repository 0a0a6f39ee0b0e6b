import { createGunzip } from 'node:zlib';

/**
 * Packed bytes that are unpacked at a time: at most a thousandfold comes of them (the limit of the format), and where
 * one of them is damaged, what zlib had of the same part is lost.
 */
const PART_BYTES = 1 << 11;
const INFLATED_BYTES = 1 << 17;

/**
 * Returns the text of a file as UTF-8 bytes: unpacked where it is gzip (told by its first bytes, not by its name),
 * converted where it is UTF-16 with a byte order mark. What is damaged is told in words, and what came before the
 * damage is returned.
 */
export async function* bytesOf(input: AsyncIterable<Buffer>, damaged: (what: string) => void): AsyncGenerator<Buffer> {
  const parts = input[Symbol.asyncIterator]();
  const first = await atLeast(parts, 4);
  const all = joined(first, parts);
  if (first[0] === 0x1f && first[1] === 0x8b) yield* text(unpacked(all, damaged));
  else {
    const packer = packerOf(first);
    if (packer !== null) damaged(`is packed by ${packer}: unpack it first`);
    else yield* text(all);
  }
}

async function atLeast(parts: AsyncIterator<Buffer>, bytes: number): Promise<Buffer> {
  let first: Buffer = Buffer.alloc(0);
  while (first.length < bytes) {
    const next = await parts.next();
    if (next.done) break;
    first = first.length === 0 ? next.value : Buffer.concat([first, next.value]);
  }
  return first;
}

async function* joined(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (first.length > 0) yield first;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

const PACKERS: [magic: number[], name: string][] = [
  [[0x28, 0xb5, 0x2f, 0xfd], 'zstd'], [[0x42, 0x5a, 0x68], 'bzip2'], [[0xfd, 0x37, 0x7a, 0x58], 'xz'],
  [[0x50, 0x4b, 0x03, 0x04], 'zip'],
];

function packerOf(first: Buffer): string | null {
  return PACKERS.find(([magic]) => magic.every((byte, at) => first[at] === byte))?.[1] ?? null;
}

/**
 * Unpacks gzip part by part. Not as `for await (… of gunzip)`: a stream that fails lets go of what it had unpacked
 * before, and that is the most of a log whose last bytes are missing.
 */
async function* unpacked(packed: AsyncIterable<Buffer>, damaged: (what: string) => void): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: INFLATED_BYTES });
  const plain: Buffer[] = [];
  gunzip.on('data', (chunk: Buffer) => plain.push(chunk));
  const faults: NodeJS.ErrnoException[] = [];
  let over = false;
  // Whoever waits for a part is told of a fault and of the end as well: its write would not be answered.
  let wake = (): void => {};
  const step = (begin: (done: () => void) => void): Promise<void> => new Promise((resolve) => begin(wake = resolve));
  gunzip.once('error', (error) => {
    faults.push(error);
    wake();
  });
  gunzip.once('end', () => {
    over = true;
    wake();
  });
  const isSound = (): boolean => {
    const [fault] = faults;
    if (fault) {
      damaged(fault.code === 'Z_BUF_ERROR'
        ? 'is cut short: the end of this gzip file is missing'
        : 'is damaged: this gzip file cannot be unpacked to its end');
    }
    return !fault;
  };
  try {
    for await (const chunk of packed) {
      for (let at = 0; at < chunk.length; at += PART_BYTES) {
        await step((done) => gunzip.write(chunk.subarray(at, at + PART_BYTES), () => done()));
        yield* plain.splice(0);
        if (over || !isSound()) return;
      }
    }
    if (!over && faults.length === 0) await step(() => gunzip.end());
    yield* plain.splice(0);
    isSound();
  } finally {
    gunzip.destroy();
  }
}

async function* text(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let decoder: TextDecoder | null = null;
  let begun = false;
  for await (const chunk of bytes) {
    let rest = chunk;
    if (!begun) {
      begun = true;
      if (chunk[0] === 0xff && chunk[1] === 0xfe) decoder = new TextDecoder('utf-16le');
      else if (chunk[0] === 0xfe && chunk[1] === 0xff) decoder = new TextDecoder('utf-16be');
      else if (chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf) rest = chunk.subarray(3);
    }
    yield decoder ? Buffer.from(decoder.decode(rest, { stream: true })) : rest;
  }
}
