import { isAbsolute, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Reporter } from '../reporter.ts';
import { writeWhole } from '../write-file.ts';
import { createDraw } from './charts/draw.ts';
import { reportPage } from './page.ts';
import { readPictures } from './pictures.ts';

const PROJECT = fileURLToPath(new URL('../../../', import.meta.url));

/** Returns the way from a run folder up to the project, for links; null for a folder outside of it: no path of a machine gets into a page. */
export function wayToProject(runDir: string, project = PROJECT): string | null {
  const inside = relative(project, runDir);
  if (inside === '' || inside.startsWith('..') || isAbsolute(inside)) return null;
  return '../'.repeat(inside.split(sep).length);
}

/** index.html: the executive report, one file that opens from disk. */
export const htmlReporter: Reporter = {
  name: 'index.html',
  write: async (record, { runDir, runPath, story, sourceUrl }) => {
    const toProject = wayToProject(runDir) ?? sourceUrl ?? null;
    const [draw, pictures] = await Promise.all([createDraw(), readPictures(runDir, story)]);
    await writeWhole(join(runDir, 'index.html'), reportPage({ record, story, runPath, draw, toProject, pictures }));
  },
};
