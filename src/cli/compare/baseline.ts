import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { CodedError } from '../../errors.ts';
import { BASELINE_VERSION, SampledRun } from '../../model/index.ts';
import { typed } from './sampled-run.ts';

const FOLDER = 'baselines';
const ENDING = '.json.gz';
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
/** Far more than any run's samples: what unpacks to more was made to fill the memory. */
const MOST_BYTES = 1 << 30;

/** Returns the file of a baseline: by its name among the reports, or where a path says. Throws J_USAGE. */
export function baselinePath(reportsDir: string, name: string): string {
  if (name.includes('/') || name.endsWith(ENDING)) return resolve(name);
  if (NAME.test(name)) return join(reportsDir, FOLDER, `${name}${ENDING}`);
  throw new CodedError('J_USAGE', [{ where: 'compare', message: `"${name}" is no name for a baseline: letters, digits, dots, dashes and underscores` }]);
}

/** Keeps a run as a baseline, wholly or not at all. Throws J_REPORTS_UNWRITABLE. */
export async function saveBaseline(path: string, run: SampledRun): Promise<void> {
  const beside = `${path}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(beside, gzipSync(JSON.stringify(run)));
    await rename(beside, path);
  } catch (thrown) {
    await rm(beside, { force: true }).catch(() => {});
    throw new CodedError('J_REPORTS_UNWRITABLE', [{ where: typed(path), message: (thrown as Error).message }]);
  }
}

/** Returns a saved baseline; null where there is none. Throws J_BASELINE for one that cannot be read. */
export async function readBaseline(path: string): Promise<SampledRun | null> {
  const unusable = (message: string): CodedError => new CodedError('J_BASELINE', [{ where: typed(path), message }]);
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unusable((thrown as Error).message);
  }
  let json: unknown;
  try {
    json = JSON.parse(gunzipSync(bytes, { maxOutputLength: MOST_BYTES }).toString('utf8'));
  } catch (thrown) {
    throw unusable(`not a baseline: ${(thrown as Error).message}`);
  }
  const version = (json as { version?: unknown } | null)?.version;
  if (typeof version === 'number' && version !== BASELINE_VERSION) throw unusable(`of version ${version}; this harness reads ${BASELINE_VERSION}`);
  const parsed = SampledRun.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw unusable(`${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? ''}`);
}
