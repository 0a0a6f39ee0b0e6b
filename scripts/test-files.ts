/**
 * Runs test files by Node's own runner, so many at a time: `node scripts/test-files.ts <number> <file> …`. In the order
 * given: the runner's command line sorts them, and long files that happen to be last then run alone at the end.
 */
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const [concurrency = '', ...files] = process.argv.slice(2);
run({ files, concurrency: Number(concurrency) })
  .on('test:fail', () => { process.exitCode = 1; })
  .compose(spec)
  .pipe(process.stdout);
