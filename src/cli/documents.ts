import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { CodedError, type Fault } from '../errors.ts';
import { writeWhole } from '../report/write-file.ts';

/** A file of the repository that is made from others, and kept beside them. */
export interface Document {
  /** Inside the repository. */
  path: string;
  text: string;
}

export interface DocumentArguments {
  check: boolean;
  help: boolean;
  /** The folder that holds what the documents are made from, and them. */
  root: string;
}

/** Reads the arguments of a command that writes documents. Throws J_USAGE, with how to use it. */
export function readDocumentArguments(command: string, usage: string): DocumentArguments {
  try {
    const { values } = parseArgs({
      options: {
        check: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        root: { type: 'string', default: join(import.meta.dirname, '../..') },
      },
    });
    return values;
  } catch (error) {
    throw new CodedError('J_USAGE', [{ where: command, message: (error as Error).message, hint: usage }]);
  }
}

/** Writes the documents. */
export async function writeDocuments(root: string, documents: readonly Document[]): Promise<void> {
  for (const { path, text } of documents) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeWhole(join(root, path), text);
  }
}

/** Throws J_DOCUMENT_STALE with every document that is not there as it should be; `command` writes them anew. */
export async function checkDocuments(root: string, documents: readonly Document[], command: string): Promise<void> {
  const faults = await Promise.all(documents.map(async ({ path, text }): Promise<Fault[]> => {
    const written = await readFile(join(root, path), 'utf8').catch(() => null);
    if (written === text) return [];
    const differs = `differs from what its sources give, first at line ${firstDifference(written ?? '', text)}`;
    return [{ where: path, message: written === null ? 'is not there' : differs, hint: `run "${command}"` }];
  }));
  if (faults.flat().length > 0) throw new CodedError('J_DOCUMENT_STALE', faults.flat());
}

function firstDifference(a: string, b: string): number {
  const [linesA, linesB] = [a.split('\n'), b.split('\n')];
  const at = linesB.findIndex((line, index) => line !== linesA[index]);
  return at === -1 ? linesB.length + 1 : at + 1;
}
