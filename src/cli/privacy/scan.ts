import { createReadStream } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { PrivacyReport } from '../../model/index.ts';
import type { Redactor } from '../../privacy/redactor.ts';
import { writeWhole } from '../../report/write-file.ts';
import { FileSink } from './file-sink.ts';
import { Findings } from './findings.ts';

/** What the scanner itself writes: its finds are masked. */
export const PRIVACY_FILE = 'privacy.json';
const CHUNK_BYTES = 1_048_576;

/**
 * Looks through every file of a folder, and of others with it (as a report takes parts of them), archives inside too, in
 * constant memory. Never throws: what cannot be read is in the report.
 */
export async function scanFolder(folder: string, redactor: Redactor, beside: readonly string[] = []): Promise<PrivacyReport> {
  const findings = new Findings(redactor);
  for (const one of [folder, ...beside]) {
    const root = await realpath(one).catch(() => one);
    await scanInside(root, root, (path) => relative(folder, join(one, relative(root, path))), findings);
  }
  return findings.report();
}

/** Scans a folder and leaves privacy.json in it; none where there was nothing to look through. Throws what the writing throws. */
export async function scanAndKeep(folder: string, redactor: Redactor): Promise<PrivacyReport> {
  const report = await scanFolder(folder, redactor);
  if (report.files + report.unread.length > 0) await writeWhole(join(folder, PRIVACY_FILE), `${JSON.stringify(report, null, 2)}\n`);
  return report;
}

async function scanInside(root: string, path: string, nameOf: (path: string) => string, findings: Findings): Promise<void> {
  let entries;
  try {
    entries = await readdir(path, { withFileTypes: true });
  } catch (thrown) {
    return findings.unread(nameOf(path) || '.', whyNot(thrown));
  }
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const inside = join(path, entry.name);
    const file = nameOf(inside);
    if (path === root && entry.name === PRIVACY_FILE) continue;
    findings.look(entry.name, { file, line: null });
    if (entry.isDirectory()) await scanInside(root, inside, nameOf, findings);
    else if (entry.isFile()) await scanFile(inside, file, findings);
    else if (entry.isSymbolicLink()) await checkLink(root, inside, file, findings);
    else findings.unread(file, 'neither a file nor a folder');
  }
}

async function scanFile(path: string, file: string, findings: Findings): Promise<void> {
  const sink = new FileSink(findings, file);
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
      findings.bytes += (chunk as Buffer).length;
      sink.push(chunk as Buffer, false);
    }
    sink.push(new Uint8Array(), true);
    findings.files += 1;
  } catch (thrown) {
    // Taken away meanwhile, as what is written beside a file and renamed: nobody can read it any more.
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') findings.unread(file, whyNot(thrown));
  }
}

/** What a link inside the folder leads to is scanned as itself; whoever packs the folder takes along what lies outside. */
async function checkLink(root: string, path: string, file: string, findings: Findings): Promise<void> {
  const to = await realpath(path).catch(() => null);
  if (to !== null && to !== root && !to.startsWith(root + sep)) findings.unread(file, 'a link that leads out of the folder');
}

function whyNot(thrown: unknown): string {
  const { code, message } = thrown as NodeJS.ErrnoException;
  return code === 'EACCES' ? 'may not be read' : (code ?? message);
}
