import { open, readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { CodedError, type Fault } from '../../errors.ts';
import { TRAFFIC_VERSION, type TrafficHeader } from '../../model/index.ts';
import { importLogs, type Imported } from '../../replay/import/import.ts';
import { KEY_BYTES, newKey } from '../../replay/import/keyed-hash.ts';
import { termOf } from '../../replay/import/paths.ts';
import type { LogFile } from '../../replay/import/read-log.ts';
import { LineFile } from '../../replay/write.ts';
import { usage, type ImportArguments } from './arguments.ts';
import type { ReplaySurroundings } from './command.ts';
import { importLines } from './lines.ts';
import { INTERRUPTED, bareName, isFixture, outPath, refuseToDestroy, shownPath } from './output.ts';
import { progressLine } from './progress.ts';

/** Imports logs and returns the exit code. Throws coded errors. */
export async function importCommand(asked: ImportArguments, around: ReplaySurroundings): Promise<number> {
  const files = await filesOf(asked.logs);
  const terms = await termsOf(asked.terms);
  const path = outPath(asked.out, `${bareName(asked.logs[0] as string)}.ndjson.gz`, around);
  const inputs = [...asked.logs, asked.terms, asked.keyFile].filter((one) => one !== null);
  await refuseToDestroy(path, inputs, isFixture);
  const key = asked.keyFile === null ? newKey() : await keyOf(asked.keyFile);
  const startMs = around.nowMs();
  const progress = progressLine(files.reduce((sum, { bytes }) => sum + bytes, 0), around);
  const { imported, lines } = importLogs({
    files, format: asked.format, keeps: asked.keeps, terms, key, nowMs: startMs, onBytes: progress.add,
  });
  const file = await LineFile.create(path, true);
  try {
    for await (const batch of lines) {
      for (const line of batch) if (file.add(line)) await file.drained();
      progress.show(imported.requests);
      if (around.interrupted.aborted) return INTERRUPTED;
    }
    if (imported.requests === 0) throw nothing(imported);
    await file.finish(headerOf(asked, imported));
  } finally {
    progress.clear();
    await file.discard();
  }
  const { size } = await stat(path);
  const end = { files, imported, path: shownPath(path), bytes: size, tookMs: around.nowMs() - startMs };
  around.out(`${importLines(asked, end, around.columns).join('\n')}\n`);
  return 0;
}

function headerOf({ keeps }: ImportArguments, { tally, requests, durationMs, formats }: Imported): TrafficHeader {
  const [most] = [...formats].sort(([, a], [, b]) => b - a);
  return {
    traffic: TRAFFIC_VERSION, source: most?.[0] ?? 'combined', kept: [...new Set(keeps.map(({ text }) => text))],
    requests, durationMs, skipped: tally.skipped,
  };
}

/** All faults at once: nobody wants to be told of one missing log after the other. */
async function filesOf(logs: readonly string[]): Promise<LogFile[]> {
  const faults: Fault[] = [];
  const files: LogFile[] = [];
  for (const path of logs) {
    try {
      // Asked before it is opened, which would wait for whoever writes into a pipe; and a file is opened more than once.
      const found = await stat(path);
      if (found.isDirectory()) faults.push({ where: path, message: 'is a folder', hint: 'name the logs in it' });
      else if (!found.isFile()) faults.push({ where: path, message: 'is a pipe or a device', hint: 'name a file; gzip is unpacked by itself' });
      else {
        await (await open(path)).close();
        files.push({ path, name: basename(path), bytes: found.size });
      }
    } catch (thrown) {
      const { code, message } = thrown as NodeJS.ErrnoException;
      faults.push({ where: path, message: code === 'ENOENT' ? 'does not exist' : message });
    }
  }
  if (faults.length > 0) throw new CodedError('J_LOG_UNREADABLE', faults);
  return files;
}

async function termsOf(path: string | null): Promise<Set<string>> {
  if (path === null) return new Set();
  const text = await readFile(path, 'utf8').catch((thrown: unknown) => {
    throw usage(`--terms: ${(thrown as Error).message}`, 'a text file with one search term a line');
  });
  return new Set(text.split(/\r?\n/).map(termOf).filter((term) => term !== '' && !term.startsWith('#')));
}

/** The key of a file, in hexadecimal; a new one where there is no such file yet. */
async function keyOf(path: string): Promise<Buffer> {
  const text = await readFile(path, 'utf8').catch((thrown: unknown) => {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw usage(`--key-file: ${(thrown as Error).message}`);
  });
  if (text !== null) {
    if (/^(?:[0-9a-f]{2}){32,}\s*$/i.test(text)) return Buffer.from(text.trim(), 'hex');
    const wanted = `${2 * KEY_BYTES} hexadecimal digits; name a file that does not exist to have one made`;
    throw usage(`--key-file ${path}: holds no key`, wanted);
  }
  const key = newKey();
  try {
    const file = await open(path, 'wx', 0o600);
    await file.writeFile(`${key.toString('hex')}\n`).finally(() => file.close());
  } catch (thrown) {
    throw usage(`--key-file: ${(thrown as Error).message}`);
  }
  return key;
}

function nothing({ files, tally }: Imported): CodedError {
  const reasons = tally.leftOut.map(({ why, count }) => `${count} × ${why}`).join(', ');
  const none = `no request in it that could be kept${reasons === '' ? '' : `: ${reasons}`}`;
  return new CodedError('J_LOG_EMPTY', files.map(({ name, damage }) => ({
    where: name, message: damage.length > 0 ? damage.join('; ') : none,
  })));
}
