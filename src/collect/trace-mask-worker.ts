/** A thread of its own for one trace: unpacking and packing would hold up the event loop that drives the users. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { unzipSync, zipSync } from 'fflate';
import { redaction } from './redaction.ts';
import { maskTrace } from './trace-mask.ts';

const { from, to } = workerData as { from: string; to: string };
const masked = zipSync(maskTrace(unzipSync(readFileSync(from)), redaction()), { level: 6 });
// Beside it first: a link must never lead to half a file.
writeFileSync(`${to}.tmp`, masked);
renameSync(`${to}.tmp`, to);
