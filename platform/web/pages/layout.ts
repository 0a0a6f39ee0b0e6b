import type { FastifyReply } from 'fastify';
import type { User } from '../auth.ts';
import type { Creator } from '../catalog.ts';
import { requestContext } from '../context.ts';
import { html } from '../html.ts';
import type { Html } from '../html.ts';
import { pageGeneration } from '../metrics.ts';
import { formatCents } from '../money.ts';
import { assetUrl } from '../routes/operations.ts';
import { SKILLS } from '../seed.ts';

export const skillName = (slug: string): string => SKILLS.find(([known]) => known === slug)?.[1] ?? slug;

/** A whole page around its main part. */
export function layout(title: string, user: User | null, main: Html): Html {
  const account = user
    ? html`<a href="/projects">Projects</a><a href="/provider/listings">Listings</a><span class="who">${user.name}</span>
        <form method="post" action="/logout"><button class="link" type="submit">Log out</button></form>`
    : html`<a href="/login">Log in</a><a class="button small" href="/signup">Sign up</a>`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · OpenShow</title>
<link rel="icon" href="${assetUrl('icon.svg')}" type="image/svg+xml">
<link rel="stylesheet" href="${assetUrl('app.css')}">
<script src="${assetUrl('app.js')}" type="module"></script>
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="top"><div class="wrap">
  <a class="brand" href="/"><svg viewBox="0 0 32 32" aria-hidden="true"><circle cx="16" cy="16" r="15"/>
    <path d="M16 6 27 27H5Z"/></svg>OpenShow</a>
  <nav aria-label="Main"><a href="/search">Browse</a>${account}</nav>
</div></header>
<main id="main" class="wrap">${main}</main>
<footer class="wrap"><p>OpenShow reference platform. Every person, price and payment here is made up.</p></footer>
</body>
</html>`;
}

/** Renders, times and sends a page. */
export function sendPage(reply: FastifyReply, render: () => Html, status = 200): FastifyReply {
  const startedMs = performance.now();
  const { text } = render();
  const context = requestContext.getStore();
  if (context) {
    context.renderMs = performance.now() - startedMs;
    const route = reply.request.routeOptions.url ?? '(none)';
    pageGeneration.observe({ route }, (performance.now() - context.startedMs) / 1000);
  }
  return reply.code(status).type('text/html; charset=utf-8').header('content-security-policy',
    "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; form-action 'self'").send(text);
}

export function searchForm(value: string): Html {
  return html`<form class="search" role="search" action="/search" method="get">
    <div class="combo">
      <input type="search" name="q" value="${value}" placeholder="A skill, a use or a name" maxlength="100"
        role="combobox" aria-label="Search creators" aria-autocomplete="list" aria-expanded="false"
        aria-controls="suggestions" autocomplete="off">
      <ul id="suggestions" role="listbox" aria-label="Suggestions" hidden></ul>
    </div>
    <button class="button" type="submit">Search</button>
  </form>`;
}

/** Backdrop, light and disc of a poster, chosen to sit well beside each other in both colour schemes. */
const STAGES = [
  ['#17453a', '#f0b04a', '#d9e6c8'], ['#26355d', '#8fb8de', '#f2c14e'], ['#5b2333', '#f7a072', '#f7e1d7'],
  ['#3a2f5b', '#c3a6e0', '#f4b860'], ['#0b4f6c', '#9bd1c8', '#fbf5dd'], ['#6b3e1d', '#f3c677', '#8fbf9f'],
] as const;

/** A poster drawn from the creator's id: a stage light and a disc. Presentation attributes only, as the CSP wants. */
function poster({ id, name }: Creator): Html {
  const [backdrop, light, disc] = STAGES[id % STAGES.length] ?? STAGES[0];
  const x = 90 + ((id * 31) % 150);
  const letters = name.split(' ').map((part) => part.slice(0, 1)).join('');
  return html`<svg class="poster" viewBox="0 0 320 120" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
    <rect width="320" height="120" fill="${backdrop}"/>
    <path d="M${x} -14 ${x + 105} 130H${x - 105}Z" fill="${light}" opacity=".38"/>
    <circle cx="${x + 20 + (id % 40)}" cy="92" r="${22 + (id % 22)}" fill="${disc}" opacity=".85"/>
    <text x="20" y="102" fill="#fff">${letters}</text></svg>`;
}

export const verifiedBadge = (creator: Creator): Html | false =>
  creator.verified && html` <span class="badge">Verified</span>`;

function creatorCard(creator: Creator): Html {
  return html`<li class="card creator" data-testid="creator-card">
    ${poster(creator)}
    <div class="body">
      <h3><a href="/creators/${creator.id}">${creator.name}</a>${verifiedBadge(creator)}</h3>
      <p>${creator.headline}</p>
      <p class="facts"><span>★ ${creator.rating.toFixed(1)}</span><span>${creator.jobs} jobs</span>
        <span>${creator.city}</span>
        <strong>${formatCents(creator.rateCents)}/h</strong></p>
    </div></li>`;
}

export function creatorGrid(creators: Creator[]): Html {
  return html`<ul class="grid" data-testid="results" aria-label="Creators">${creators.map(creatorCard)}</ul>`;
}
