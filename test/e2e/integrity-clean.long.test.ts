import { test } from 'node:test';
import { benchIntegrity, needsProc } from './bench-integrity.ts';

test('no breach is invented in clean payments', needsProc, () => benchIntegrity('clean', 3));

test('when web workers are killed in the middle of payments, the books balance afterwards', needsProc, () => benchIntegrity('killed', 2));
