import type { Creator, LandingPage } from '../catalog.ts';
import { html } from '../html.ts';
import type { Html } from '../html.ts';
import { formatCents } from '../money.ts';
import { SKILLS, USES } from '../seed.ts';
import { creatorGrid, searchForm, skillName, verifiedBadge } from './layout.ts';

const POPULAR = ['prompt-engineer-for-product-launches', 'video-editor-for-short-video', 'voice-designer-for-podcasts',
  'avatar-maker-for-online-courses', 'music-producer-for-game-studios'];

const landingTitle = (slug: string): string => {
  const [skill = '', use = ''] = slug.split('-for-');
  return `${skillName(skill)}s for ${USES.find(([known]) => known === use)?.[1] ?? use}`;
};

export function homePage(featured: Creator[]): Html {
  return html`<section class="hero">
      <p class="eyebrow">Escrow-backed collaboration with AI creators</p>
      <h1>Put your idea <em>on stage</em></h1>
      <p class="lead">Find a creator, agree on a brief, and pay only when the work is in your hands.</p>
      ${searchForm('')}
      <ul class="chips" aria-label="Popular searches">${POPULAR.map((slug) =>
        html`<li><a href="/find/${slug}">${landingTitle(slug)}</a></li>`)}</ul>
    </section>
    <h2>Creators in the spotlight</h2>
    ${creatorGrid(featured)}`;
}

export interface SearchView {
  q: string;
  skill: string | null;
  verified: boolean | null;
  creators: Creator[];
  total: number;
}

export function searchPage({ q, skill, verified, creators, total }: SearchView): Html {
  const heading = skill === null ? (q === '' ? 'All creators' : `Results for “${q}”`) : `${skillName(skill)}s`;
  const chip = (slug: string, name: string): Html => html`<li><a href="/search?skill=${slug}"
    ${skill === slug && html`aria-current="true"`}>${name}</a></li>`;
  return html`${searchForm(q)}
    <ul class="chips" aria-label="Skills">${SKILLS.map(([slug, name]) => chip(slug, name))}</ul>
    <h1 class="plain">${heading}</h1>
    <p class="muted" data-testid="result-count">${total} ${total === 1 ? 'creator' : 'creators'}${verified
      && ', verified only'}</p>
    ${creators.length > 0 ? creatorGrid(creators)
      : html`<p class="card note" data-testid="no-results">Nobody matches yet. Try a skill, such as “video”.</p>`}`;
}

/** The generated part of a landing page: it depends on the slug alone, so it is cached as made. */
export function landingPage(page: LandingPage, lowestCents: number | null): Html {
  const others = SKILLS.filter(([slug]) => slug !== page.skill).slice(0, 5);
  return html`<section class="band">
      <p class="eyebrow">Hand-picked by skill and use</p>
      <h1>${page.title}</h1>
      <p class="lead">${page.creators.length} creators${lowestCents !== null
        && html`, from <strong>${formatCents(lowestCents)}</strong> an hour`}. Paid from escrow, once you approve.</p>
      <a class="button" href="/projects/new?skill=${page.skill}">Start a project</a>
    </section>
    ${creatorGrid(page.creators)}
    <h2>Also for ${USES.find(([slug]) => slug === page.useCase)?.[1] ?? page.useCase}</h2>
    <ul class="chips" aria-label="Related pages">${others.map(([slug, name]) =>
      html`<li><a href="/find/${slug}-for-${page.useCase}">${name}s</a></li>`)}</ul>`;
}

export function creatorPage(creator: Creator): Html {
  return html`<article class="card sheet">
      <p class="eyebrow">${skillName(creator.skill)} · ${creator.city}</p>
      <h1 data-testid="creator-name">${creator.name}${verifiedBadge(creator)}</h1>
      <p class="lead">${creator.headline}.</p>
      <dl class="figures">
        <div><dt>Rate</dt><dd>${formatCents(creator.rateCents)}/h</dd></div>
        <div><dt>Rating</dt><dd>★ ${creator.rating.toFixed(1)}</dd></div>
        <div><dt>Finished jobs</dt><dd>${creator.jobs}</dd></div>
      </dl>
      <a class="button" href="/projects/new?creator=${creator.id}">Work with ${creator.name.split(' ')[0]}</a>
    </article>`;
}
