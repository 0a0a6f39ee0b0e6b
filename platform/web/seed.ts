import { randomBytes } from 'node:crypto';
import { seededRandom } from '../shared/random.ts';
import { hashPassword } from './auth.ts';
import type { Db } from './db.ts';

export const SKILLS: [slug: string, name: string][] = [
  ['prompt-engineer', 'Prompt engineer'], ['video-editor', 'AI video editor'], ['voice-designer', 'Voice designer'],
  ['image-artist', 'Generative image artist'], ['music-producer', 'AI music producer'],
  ['avatar-maker', 'Avatar maker'], ['motion-designer', 'Motion designer'], ['chatbot-builder', 'Chatbot builder'],
  ['data-storyteller', 'Data storyteller'], ['3d-modeller', '3D modeller'],
  ['script-writer', 'Script writer'], ['localiser', 'Video localiser'],
];
export const USES: [slug: string, name: string][] = [
  ['product-launches', 'product launches'], ['online-courses', 'online courses'], ['podcasts', 'podcasts'],
  ['short-video', 'short video'], ['game-studios', 'game studios'],
];
const FIRST = ['Amara', 'Björn', 'Chidi', 'Dalia', 'Emre', 'Freya', 'Goran', 'Hana', 'Imani', 'Jonas', 'Keiko', 'Liam',
  'Mira', 'Noor', 'Oskar', 'Priya', 'Quinn', 'Rosa', 'Sami', 'Tove', 'Uma', 'Viktor', 'Wanda', 'Ximena', 'Yusuf'];
const LAST = ['Adeyemi', 'Berg', 'Castillo', 'Dvořák', 'Eriksen', 'Fontaine', 'Ghosh', 'Haddad', 'Ito', 'Jansen',
  'Lindqvist', 'Moreau', 'Nkosi', 'Okafor', 'Petrov', 'Quispe', 'Rossi', 'Sato', 'Tanaka', 'Usman', 'Vargas', 'Weiss'];
const CITIES = ['Lagos', 'Lisbon', 'Seoul', 'Malmö', 'Austin', 'Nairobi', 'Pune', 'Berlin', 'Bogotá', 'Osaka'];
const WAYS = ['from rough idea to final cut', 'with a library of tested prompts', 'on brand and on time',
  'with rights cleared for every asset', 'in days rather than weeks', 'for teams without a studio'];

export const CREATOR_COUNT = 2000;
/** The demo accounts of an empty installation; the password is public on purpose, the domain cannot receive mail. */
export const DEMO_PASSWORD = 'open-show-demo';
export const DEMO_EMAILS = ['ada@example.com', 'grace@example.com', 'linus@example.com'];

/**
 * Fills an empty database with the same synthetic data for the same seed, in one transaction; does nothing to a filled one.
 * Names are drawn from the lists above: whoever has one of them has nothing to do with it.
 */
export async function seedDb(db: Db, seed: number): Promise<void> {
  if (db.one('seed', "SELECT 1 FROM meta WHERE key = 'seeded'")) return;
  const password = await hashPassword(DEMO_PASSWORD);
  const random = seededRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  db.transaction(() => {
    const term = (text: string, kind: string, href: string): void => {
      db.run('seed', 'INSERT INTO terms (term, kind, href) VALUES (?, ?, ?)', text, kind, href);
    };
    for (const [skill, name] of SKILLS) {
      term(name, 'skill', `/search?skill=${skill}`);
      for (const [use, useName] of USES) {
        const slug = `${skill}-for-${use}`;
        const title = `${name}s for ${useName}`;
        db.run('seed', 'INSERT INTO landing_pages VALUES (?, ?, ?, ?)', slug, skill, use, title);
        term(title, 'page', `/find/${slug}`);
      }
    }
    for (let id = 1; id <= CREATOR_COUNT; id += 1) {
      const [skill, skillName] = pick(SKILLS);
      const [use, useName] = pick(USES);
      const name = `${pick(FIRST)} ${pick(LAST)}`;
      const headline = `${skillName} for ${useName}, ${pick(WAYS)}`;
      const rateCents = 2500 + Math.floor(random() * 70) * 250;
      const verified = random() < 0.6 ? 1 : 0;
      const rating = Math.round((3.6 + random() * 1.4) * 10) / 10;
      db.run('seed', 'INSERT INTO creators VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
        id, name, headline, skill, use, pick(CITIES), rateCents, verified, rating, Math.floor(random() * 240));
      db.run('seed', 'INSERT INTO creators_text (rowid, name, headline, skill, use_case) VALUES (?, ?, ?, ?, ?)',
        id, name, headline, skill, use);
      if (verified) term(name, 'creator', `/creators/${id}`);
    }
    for (const [index, email] of DEMO_EMAILS.entries()) {
      const name = email.slice(0, 1).toUpperCase() + email.slice(1, email.indexOf('@'));
      const id = `usr_demo_${index + 1}`;
      db.run('seed', 'INSERT INTO users VALUES (?, ?, ?, ?, NULL, 0)', id, email, name, password);
    }
    db.run('seed', "INSERT INTO meta VALUES ('jwt_secret', ?)", randomBytes(32).toString('hex'));
    db.run('seed', "INSERT INTO meta VALUES ('seeded', ?)", String(seed));
  });
}
