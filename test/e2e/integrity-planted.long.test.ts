import { test } from 'node:test';
import { benchIntegrity, needsProc } from './bench-integrity.ts';

test('planted breaches of every kind are found, each once and nothing else', needsProc, () => benchIntegrity('planted', 4));
