import type { Role } from '../model/index.ts';

/** Arrivals are dealt in blocks of this many, each with its exact share of observers. */
const BLOCK = 10;

/**
 * Returns a function that says, arrival by arrival, whether a journey's user observes. A seeded random sample, the same in
 * every run with the seed; dealt in shuffled blocks, so that the share holds over every short stretch and a gate does not
 * miss its minimum n by bad luck.
 */
export function createSampler(seed: number, share: number): (journey: string) => Role {
  const decks = new Map<string, { random: () => number; cards: Role[]; owed: number }>();
  return (journey) => {
    let deck = decks.get(journey);
    if (!deck) {
      deck = { random: seededRandom(`${seed}/${journey}`), cards: [], owed: 0 };
      decks.set(journey, deck);
    }
    if (deck.cards.length === 0) {
      // What rounding left over is carried into the next block.
      deck.owed += share * BLOCK;
      const observers = Math.min(BLOCK, Math.round(deck.owed));
      deck.owed -= observers;
      deck.cards = shuffle(Array.from({ length: BLOCK }, (_, i) => (i < observers ? 'observer' : 'crowd')), deck.random);
    }
    return deck.cards.pop() ?? 'crowd';
  };
}

/** Fisher–Yates. */
function shuffle<T>(cards: T[], random: () => number): T[] {
  for (let i = cards.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [cards[i], cards[j]] = [cards[j] as T, cards[i] as T];
  }
  return cards;
}

/** Returns a seeded generator of numbers in [0, 1): mulberry32 over an FNV-1a hash; Node's own has no seed. */
export function seededRandom(text: string): () => number {
  let state = 0x811c9dc5;
  for (const character of text) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
