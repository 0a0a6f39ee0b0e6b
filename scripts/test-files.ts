/**
 * Runs test files by Node's own runner: `node scripts/test-files.ts <how> <file> …`, in the order given, since the runner's
 * command line sorts them, and long files that happen to be last then run alone at the end. How: a number, so many at a
 * time with a process each; or `together`, one after the other in this process.
 */
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const [how = '', ...files] = process.argv.slice(2);
run(how === 'together' ? { files, isolation: 'none' } : { files, concurrency: Number(how) })
  .on('test:fail', () => { process.exitCode = 1; })
  .compose(spec)
  .pipe(process.stdout);
