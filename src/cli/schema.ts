import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asCodedError, CodedError, formatError } from '../errors.ts';
import { recordSchemaText } from '../report/record-schema.ts';
import { brokenPromises, type Schema } from '../report/schema-promise.ts';
import { checkDocuments, readDocumentArguments, writeDocuments } from './documents.ts';

const USAGE = 'npm run schema -- [--check] [--root <folder>]';
const HELP = `Writes documentation/record.schema.json, the JSON Schema of record.json, from the model. Refuses to, where that would
break what documentation/record.md promises under the same version.
  --check   writes nothing, and ends with 1 where the file no longer says what the model does
  --root    the folder that holds documentation/; the repository when left out`;
const PAGE = 'documentation/record.schema.json';

async function main(): Promise<number> {
  const { check, help, root } = readDocumentArguments('schema', USAGE);
  if (help) {
    process.stdout.write(`${USAGE}\n\n${HELP}\n`);
    return 0;
  }
  const text = recordSchemaText();
  await refuseBreak(root, text);
  const documents = [{ path: PAGE, text }];
  if (check) await checkDocuments(root, documents, 'npm run schema');
  else {
    await writeDocuments(root, documents);
    process.stdout.write(`${PAGE}\n`);
  }
  return 0;
}

/** Throws J_RECORD_BREAKING where readers of the schema as it stands would be let down under the same version. */
async function refuseBreak(root: string, text: string): Promise<void> {
  const written = await readFile(join(root, PAGE), 'utf8').catch(() => null);
  if (written === null) return;
  const before = readSchema(written);
  const after = JSON.parse(text) as Schema & { $id: string };
  if (before === null || before.$id !== after.$id) return;
  const broken = brokenPromises(before, after);
  if (broken.length > 0) throw new CodedError('J_RECORD_BREAKING', broken.map((message) => ({ where: PAGE, message })));
}

/** What is no schema makes no promise. */
function readSchema(text: string): (Schema & { $id?: string }) | null {
  try {
    return JSON.parse(text) as Schema & { $id?: string };
  } catch {
    return null;
  }
}

process.exitCode = await main().catch((thrown: unknown) => {
  const error = asCodedError(thrown);
  process.stderr.write(`${formatError(error)}\n`);
  return error.exitCode;
});
