import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { keepLog } from './platform-log.ts';
import { temporaryFolder } from './testing.ts';

test('the log has every line that was said, also the last one without its end, and nothing private', async (t) => {
  const path = join(temporaryFolder(t), 'platform.log');
  const said = new PassThrough();
  const kept = keepLog(said, path);
  said.write('P_WORKER_DIED: web worker 1\nmail to jana@fir');
  said.end('ma.de was not sent');
  await kept;
  assert.equal(readFileSync(path, 'utf8'), 'P_WORKER_DIED: web worker 1\nmail to [masked email] was not sent\n');
});
