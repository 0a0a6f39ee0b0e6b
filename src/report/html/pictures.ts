import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Story } from '../../model/index.ts';
import { isRunFile } from './view.ts';

/** A page that is mailed about should stay small: pictures beyond these are linked instead. */
const MOST_PICTURES = 8;
const MOST_BYTES = 300_000;

/** Formats by how their files begin: what a name says is not to be trusted. */
const FORMATS: readonly { type: string; begins: readonly number[] }[] = [
  { type: 'image/png', begins: [0x89, 0x50, 0x4e, 0x47] },
  { type: 'image/jpeg', begins: [0xff, 0xd8, 0xff] },
];

/** Returns the pictures of the first failures by name, as data addresses; those that are not there, or no pictures, are left out. */
export async function readPictures(runDir: string, { failures }: Pick<Story, 'failures'>): Promise<Map<string, string>> {
  const pictures = new Map<string, string>();
  const names = new Set(failures.flatMap(({ screenshot }) => (screenshot !== null && isRunFile(screenshot) ? [screenshot] : [])));
  for (const name of names) {
    if (pictures.size === MOST_PICTURES) break;
    const data = await pictureOf(join(runDir, name)).catch(() => null);
    if (data !== null) pictures.set(name, data);
  }
  return pictures;
}

async function pictureOf(path: string): Promise<string | null> {
  const file = await lstat(path);
  if (!file.isFile() || file.size > MOST_BYTES) return null;
  const bytes = await readFile(path);
  const format = FORMATS.find(({ begins }) => begins.every((byte, index) => bytes[index] === byte));
  return format === undefined ? null : `data:${format.type};base64,${bytes.toString('base64')}`;
}
