/**
 * Runs test files by Node's own runner: `node scripts/test-files.ts <how> <minutes> <file> …`, in the order given, since the
 * runner's command line sorts them, and long files that happen to be last then run alone at the end. How: a number, so many at
 * a time with a process each; or `together`, one after the other in this process. A test that takes longer than the minutes
 * hangs: it has failed, and what it began is ended as after any other.
 */
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const [how = '', minutes = '', ...files] = process.argv.slice(2);
const timeout = Number(minutes) * 60_000;
run(how === 'together' ? { files, timeout, isolation: 'none' } : { files, timeout, concurrency: Number(how) })
  .on('test:fail', () => { process.exitCode = 1; })
  .compose(spec)
  .pipe(process.stdout);
