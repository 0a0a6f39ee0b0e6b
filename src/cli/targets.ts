import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asCodedError, CodedError, formatError } from '../errors.ts';
import { readSlo } from '../plan/slo.ts';
import { performanceTargets } from '../report/performance-targets.ts';
import { checkDocuments, readDocumentArguments, writeDocuments } from './documents.ts';

const USAGE = 'npm run targets -- [--check] [--root <folder>]';
const HELP = `Writes documentation/performance_targets.md from slo.yml.
  --check   writes nothing, and ends with 1 where the page no longer says what slo.yml does
  --root    the folder that holds slo.yml and documentation/; the repository when left out`;
const PAGE = 'documentation/performance_targets.md';
const SLO = 'slo.yml';

async function main(): Promise<number> {
  const { check, help, root } = readDocumentArguments('targets', USAGE);
  if (help) {
    process.stdout.write(`${USAGE}\n\n${HELP}\n`);
    return 0;
  }
  const text = await readFile(join(root, SLO), 'utf8').catch((thrown: unknown) => {
    throw new CodedError('J_SLO_INVALID', [
      { where: SLO, message: (thrown as NodeJS.ErrnoException).code ?? 'cannot be read' },
    ]);
  });
  const { slo } = readSlo(text, SLO, { profile: '' });
  const wanted = performanceTargets(slo);
  const documents = [{ path: PAGE, text: wanted }];
  if (check) await checkDocuments(root, documents, 'npm run targets');
  else {
    await writeDocuments(root, documents);
    process.stdout.write(`${PAGE}: ${slo.gates.length} gates\n`);
  }
  return 0;
}

process.exitCode = await main().catch((thrown: unknown) => {
  const error = asCodedError(thrown);
  process.stderr.write(`${formatError(error)}\n`);
  return error.exitCode;
});
