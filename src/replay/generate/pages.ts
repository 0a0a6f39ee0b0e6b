/**
 * Landing pages of the bundled platform, from the most wanted to the least: `skill-for-use`. A test holds them against
 * the platform's own seed.
 */
const SKILLS = [
  'video-editor', 'prompt-engineer', 'voice-designer', 'music-producer', 'image-artist', 'avatar-maker',
  'motion-designer', 'chatbot-builder', 'data-storyteller', '3d-modeller', 'script-writer', 'localiser',
];
const USES = ['product-launches', 'online-courses', 'podcasts', 'short-video', 'game-studios'];

/** Diagonally, so that the most wanted pages are of many skills and uses. */
export const SLUGS: readonly string[] = SKILLS
  .flatMap((skill, row) => USES.map((use, column) => ({ slug: `${skill}-for-${use}`, at: row + 2 * column, row })))
  .sort((a, b) => a.at - b.at || a.row - b.row)
  .map(({ slug }) => slug);

/** What people type: all of them are skills or uses of the platform, and nothing that says who they are. */
export const TERMS: readonly string[] = [
  'video', 'prompt', 'voice', 'music', 'avatar', 'podcasts', 'courses', 'motion',
];

/** The public pages of the platform, as patterns. */
export const KEPT: readonly string[] = ['/', '/find/:slug', '/search'];
