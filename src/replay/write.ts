import { once } from 'node:events';
import { createReadStream, createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { finished, pipeline } from 'node:stream/promises';
import { createGzip, gzipSync, type Gzip } from 'node:zlib';
import { CodedError } from '../errors.ts';
import type { TrafficHeader } from '../model/index.ts';

const CHUNK_CHARACTERS = 1 << 18;
const GZIP_LEVEL = 3;

/** Lines written to a file that appears under its name only when it is whole. */
export class LineFile {
  readonly #path: string;
  readonly #file: WriteStream;
  readonly #gzip: Gzip | null;
  /** Rejects when the file fails, and never resolves. */
  readonly #failed: Promise<never>;
  #chunk = '';

  /** `compressed`: as a gzip file. Rows go to a file beside `path` until `finish`. */
  static async create(path: string, compressed: boolean): Promise<LineFile> {
    return unwritable(path, async () => {
      await mkdir(dirname(path), { recursive: true });
      const file = createWriteStream(`${path}.${process.pid}.rows`, { flags: 'w' });
      await once(file, 'open');
      return new LineFile(path, file, compressed ? createGzip({ level: GZIP_LEVEL }) : null);
    });
  }

  private constructor(path: string, file: WriteStream, gzip: Gzip | null) {
    this.#path = path;
    this.#file = file;
    this.#gzip = gzip;
    this.#failed = new Promise((_, reject) => file.once('error', reject));
    this.#failed.catch(() => {});
    gzip?.pipe(file);
  }

  /** Adds a line. Returns true where its writer should await `drained` before the next. */
  add(line: string): boolean {
    this.#chunk += line;
    this.#chunk += '\n';
    return this.#chunk.length >= CHUNK_CHARACTERS;
  }

  /** Waits until what was added is on its way. Throws J_TRAFFIC_UNWRITABLE, such as for a full disk. */
  async drained(): Promise<void> {
    const to = this.#gzip ?? this.#file;
    const chunk = this.#chunk;
    this.#chunk = '';
    await unwritable(this.#path, async () => {
      // A file that fails takes no more, and the gzip before it would wait forever.
      if (chunk !== '' && !to.write(chunk)) await Promise.race([once(to, 'drain'), this.#failed]);
    });
  }

  /**
   * Puts the file under its name. A header comes before all rows, but is known only now: it becomes a gzip member of
   * its own in front of theirs, which every reader of gzip takes as one file (RFC 1952, section 2.2).
   */
  async finish(header?: TrafficHeader): Promise<void> {
    await this.drained();
    const rows = this.#file.path as string;
    await unwritable(this.#path, async () => {
      (this.#gzip ?? this.#file).end();
      await Promise.race([finished(this.#file), this.#failed]);
      if (!header) return rename(rows, this.#path);
      const whole = `${rows}.whole`;
      try {
        const file = createWriteStream(whole);
        file.write(gzipSync(`${JSON.stringify(header)}\n`));
        await pipeline(createReadStream(rows), file);
        await rename(whole, this.#path);
      } catch (thrown) {
        await rm(whole, { force: true });
        throw thrown;
      }
      await rm(rows, { force: true });
    });
  }

  /** Leaves nothing behind. Does nothing after `finish`. */
  async discard(): Promise<void> {
    this.#gzip?.destroy();
    this.#file.destroy();
    await rm(this.#file.path, { force: true });
  }
}

async function unwritable<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof CodedError) throw thrown;
    const { message } = thrown as Error;
    throw new CodedError('J_TRAFFIC_UNWRITABLE', [{ where: path, message }], { cause: thrown });
  }
}
