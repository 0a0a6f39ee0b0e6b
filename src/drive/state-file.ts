import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { CodedError } from '../errors.ts';

/**
 * Returns what a run's folder says is still owed; null where there is no such file. `kind` names it in words.
 * Throws J_RUN_UNREADABLE.
 */
export function readStateFile<T>(path: string, form: z.ZodType<T>, kind: string): T | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new CodedError('J_RUN_UNREADABLE', [{ where: path, message: code }], { cause: error });
  }
  try {
    return form.parse(JSON.parse(text));
  } catch (error) {
    throw new CodedError('J_RUN_UNREADABLE', [{ where: path, message: `is no ${kind} file of this version` }], { cause: error });
  }
}
