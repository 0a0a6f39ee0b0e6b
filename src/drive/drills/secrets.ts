import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'dotenv';

/** Returns a setting's value by its name; undefined where it is not set. No value ever goes into a file. */
export type Secrets = (name: string) => string | undefined;

/** The setting that holds the token of the operations and control APIs. */
export const OPERATIONS_TOKEN = 'PLATFORM_OPERATIONS_TOKEN';

/** Reads settings as `readSettings` does, but any of them: the environment, then .env in `folder`. */
export function secretsOf(folder: string, environment: NodeJS.ProcessEnv): Secrets {
  const file = join(folder, '.env');
  const fromFile = existsSync(file) ? parse(readFileSync(file)) : {};
  return (name) => environment[name] || fromFile[name] || undefined;
}

const PLACE = /\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g;

/** Returns the names of the settings that headers ask for. */
export function asked(headers: Readonly<Record<string, string>>): string[] {
  return Object.values(headers).flatMap((value) => [...value.matchAll(PLACE)].flatMap(([, name]) => name ?? []));
}

/** Returns headers with the settings in place of their names. Throws where one is not set. */
export function filledIn(headers: Readonly<Record<string, string>>, secrets: Secrets): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([key, value]) => [key, value.replace(PLACE, (_, name: string) => {
    const secret = secrets(name);
    if (secret === undefined) throw new Error(`the setting ${name} is not set`);
    return secret;
  })]));
}
