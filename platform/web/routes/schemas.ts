import type { ListingQuery } from '../../shared/search.ts';
import type { CreatorQuery } from '../catalog.ts';
import { MAX_AMOUNT_CENTS, MIN_AMOUNT_CENTS } from '../money.ts';
import { SKILLS } from '../seed.ts';

const email = { type: 'string', format: 'email', maxLength: 254 };
const password = { type: 'string', minLength: 8, maxLength: 200 };
export const skillSchema = { type: 'string', enum: SKILLS.map(([slug]) => slug) };

export const signupSchema = {
  type: 'object', required: ['name', 'email', 'password'],
  properties: { name: { type: 'string', minLength: 1, maxLength: 80 }, email, password },
};
export const credentialsSchema = {
  type: 'object', required: ['email', 'password'],
  properties: { email, password: { type: 'string', maxLength: 200 } },
};
export const projectSchema = {
  type: 'object', required: ['title', 'amountCents'],
  properties: {
    title: { type: 'string', minLength: 3, maxLength: 120 },
    details: { type: 'string', maxLength: 4000, default: '' },
    skill: { ...skillSchema, default: SKILLS[0]?.[0] },
    amountCents: { type: 'integer', minimum: MIN_AMOUNT_CENTS, maximum: MAX_AMOUNT_CENTS },
    creatorId: { type: ['integer', 'null'], default: null }, listingId: { type: ['integer', 'null'], default: null },
  },
};
export const idParams = {
  type: 'object', required: ['id'], properties: { id: { type: 'string', maxLength: 80 } },
};
export const intentId = { type: 'string', pattern: '^[A-Za-z0-9_-]{8,100}$' };
export const nameParams = {
  type: 'object', required: ['name'], properties: { name: { type: 'string', maxLength: 80 } },
};

export interface CreatorSearch {
  q?: string;
  skill?: string;
  verified?: string;
  limit?: number;
  offset?: number;
}

/** The query in its full form; an empty or absent filter is null. */
export function createCreatorQuery(query: CreatorSearch): CreatorQuery {
  return {
    q: query.q ?? '', skill: query.skill ? query.skill : null,
    verified: query.verified === 'true' ? true : query.verified === 'false' ? false : null,
    limit: query.limit ?? 24, offset: query.offset ?? 0,
  };
}

export interface ListingSearch {
  q?: string;
  skill?: string;
  mine?: string;
  limit?: number;
  before?: number;
}

/** The query in its full form: of one user's own listings, or of everybody's where `userId` is null. */
export const createListingQuery = (query: ListingSearch, userId: string | null): ListingQuery => ({
  q: query.q ?? '', skill: query.skill ? query.skill : null, userId, limit: query.limit ?? 25, before: query.before ?? null,
});
