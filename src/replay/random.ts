/** Numbers from 0 to 1, the same for the same seed (mulberry32, a well-known generator: Math.random has no seed). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * Returns times between events that come at random, `meanMs` apart on average (exponential, as in a Poisson process).
 */
export function waits(random: () => number, meanMs: number): () => number {
  return () => -meanMs * Math.log(1 - random());
}

/**
 * Returns ranks from 0 to count - 1, the first by far the most often: chances fall as 1/rank (Zipf's law, exponent 1),
 * which is how pages of a site are asked for (Breslau and others, "Web Caching and Zipf-like Distributions", INFOCOM
 * 1999: 0.6–0.9 for proxies, near 1 for single sites).
 */
export function zipf(random: () => number, count: number): () => number {
  const upTo: number[] = [];
  let sum = 0;
  for (let rank = 1; rank <= count; rank += 1) upTo.push((sum += 1 / rank));
  return () => {
    const drawn = random() * sum;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((upTo[middle] as number) > drawn) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
