import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'dotenv';
import { ALLOWABLE } from '../model/index.ts';
import { Redactor } from '../privacy/redactor.ts';

/** Names of settings whose values nobody may read. */
const SECRET = /(?:SECRET|PASSWORD|PASSWD|PASSPHRASE|TOKEN|CREDENTIALS?|(?:^|_)KEY)(?:S|_ID)?$|(?:^|_)(?:SECRET|PASSWORD|TOKEN)_|_WEBHOOK_URL$/;
/** `name=value,other=value`. */
const LISTS = /_HEADERS$/;
/** A switch, a number, or where a secret lies: no secret itself. One that begins with a slash may be either. */
const NO_SECRET = /^(?:true|false|\d{1,6}|~\/.*|\.{1,2}\/.*)$/;

type Environment = Record<string, string | undefined>;

/**
 * Returns the values of settings that nobody may read: of everything in .env, and of the environment, those with a secret's
 * name; passwords inside of addresses; name and password together, as basic authentication sends them.
 */
export function secretValues(settings: Environment): string[] {
  const values: string[] = [];
  for (const [name, value = ''] of Object.entries(settings)) {
    if (SECRET.test(name) && !NO_SECRET.test(value) && !(value.startsWith('/') && existsSync(value))) values.push(value);
    if (LISTS.test(name)) values.push(...value.split(',').map((pair) => pair.slice(pair.indexOf('=') + 1).trim()));
    const password = value.includes('://') ? URL.parse(value)?.password : undefined;
    if (password) values.push(password, decoded(password));
  }
  const { TARGET_HTTP_USER: user, TARGET_HTTP_PASSWORD: password } = settings;
  if (user && password) values.push(Buffer.from(`${user}:${password}`).toString('base64'));
  return [...new Set(values.filter((value) => value !== ''))];
}

function decoded(password: string): string {
  try {
    return decodeURIComponent(password);
  } catch {
    return password;
  }
}

/** Returns the redactor for what is written under the settings of .env in `folder` and the environment. */
export function redactionOf(folder: string, environment: Environment): Redactor {
  const file = join(folder, '.env');
  const fromFile: Environment = existsSync(file) ? parse(readFileSync(file)) : {};
  const settings = { ...fromFile, ...Object.fromEntries(Object.entries(environment).filter(([, value]) => value)) };
  return new Redactor({
    // Also what the environment takes the place of: it may stand in a file that was written before.
    secrets: [...secretValues(settings), ...secretValues(fromFile)],
    // A run refuses settings of any other form; whoever asks for less than a run must not let everything pass.
    allowed: (settings['PRIVACY_ALLOW'] ?? '').split(',').map((one) => one.trim()).filter((one) => ALLOWABLE.test(one)),
  });
}

let own: Redactor | null = null;

/** Returns the redactor of this thread, made once from its settings. Whatever is written goes through it. */
export function redaction(): Redactor {
  return (own ??= redactionOf(process.cwd(), process.env));
}
