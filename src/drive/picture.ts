import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { redaction } from '../collect/redaction.ts';
import { PrivateTexts } from './private-texts.ts';

/** Pictures are evidence of the first failures; hundreds of the same would fill the disk and cost CPU in the run. */
const MAX_SCREENSHOTS = 40;
/** Of the folder at hand: a process has one for its run, or one after the other for its rounds of checks. */
let screenshots = { folder: '', taken: 0 };

/** What people type that nobody else should read: no picture of a failed step shows it. */
const SECRET_INPUTS = [
  'input[type=password]', 'input[autocomplete^=cc-]', 'input[autocomplete=one-time-code]',
  ...['card', 'cvc', 'cvv', 'iban', 'account', 'secret', 'token', 'otp'].flatMap((word) => [`input[name*=${word} i]:not([type=radio])`, `input[id*=${word} i]:not([type=radio])`]),
].join(', ');

/**
 * Takes a picture of a page in which everything private is covered, and returns its file name inside the run folder. None is
 * taken of a page whose texts cannot be read, nor kept where private text came while it was taken. Never throws.
 */
export async function picture(page: Page, folder: string | null, name: string): Promise<string | undefined> {
  if (!folder) return undefined;
  if (screenshots.folder !== folder) screenshots = { folder, taken: 0 };
  if (screenshots.taken >= MAX_SCREENSHOTS) return undefined;
  screenshots.taken += 1;
  const file = `${name.replace(/[^A-Za-z0-9._-]+/g, '-')}.jpg`;
  const texts = new PrivateTexts(page, redaction());
  try {
    const covered = await texts.mark();
    if (covered === null) return undefined;
    const mask = [...page.frames().map((frame) => frame.locator(SECRET_INPUTS)), ...covered];
    const bytes = await page.screenshot({ type: 'jpeg', quality: 60, timeout: 3_000, mask });
    if (await texts.more()) return undefined;
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, file), bytes);
    return `failures/${file}`;
  } catch {
    // A page that cannot be pictured (crashed, hung) is described by its error alone.
    return undefined;
  } finally {
    await texts.unmark();
  }
}
