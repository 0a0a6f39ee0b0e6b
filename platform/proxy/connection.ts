import type { Socket } from 'node:net';
import type { Stream, Toxic } from './input.ts';
import { createStage, isData } from './stages.ts';
import type { Item, Stage } from './stages.ts';

/** What one stream of a connection may hold; beyond it the sender has to wait. */
const HOLD_BYTES = 1024 * 1024;
/** What a piece costs beside its bytes, so that many small ones are counted for what they are. */
const PIECE_COST_BYTES = 256;

interface Slot {
  toxic: Toxic;
  /** null: by its toxicity, the toxic leaves this connection alone. */
  stage: Stage | null;
}

type Link = ReturnType<typeof createLink>;
export type Connection = ReturnType<typeof createConnection>;

/**
 * One direction of a connection: bytes go from the source through the toxics to the destination. No more is read than
 * may be held. Own code instead of node:stream transforms, which cannot be put in and taken out of a live pipe.
 */
function createLink(source: Socket, destination: Socket, random: () => number, reset: () => void) {
  const slots: Slot[] = [];
  let heldBytes = 0;
  /** The source has ended; the end has come out at the other side. */
  let ended = false;
  let finished = false;
  let stopped = false;
  let cutAtEnd = false;

  function release(cost: number): void {
    heldBytes -= cost;
    if (heldBytes < HOLD_BYTES && source.isPaused()) source.resume();
  }

  function write(item: Item): void {
    if (finished) return isData(item) ? release(item.cost) : undefined;
    if (isData(item)) {
      if (destination.writable) destination.write(item.bytes, () => release(item.cost));
      else release(item.cost);
      return;
    }
    finished = true;
    if (item.ending === 'reset') return reset();
    // Half-closed: the other direction goes on. Cut: over for both, once what was let through is written.
    if (item.ending === 'end' && !cutAtEnd) destination.end();
    else destination.destroySoon();
  }

  /** Passes an item on to what comes after a slot; null is before the first. */
  function passOn(from: Slot | null, item: Item): void {
    if (stopped) return isData(item) ? release(item.cost) : undefined;
    for (let at = from === null ? 0 : slots.indexOf(from) + 1; at < slots.length; at += 1) {
      const stage = slots[at]?.stage ?? null;
      if (stage !== null) return stage.push(item);
    }
    write(item);
  }

  function stageFor(slot: Slot): Stage | null {
    if (random() >= slot.toxic.toxicity) return null;
    const ways = { forward: (item: Item) => passOn(slot, item), drop: ({ cost }: { cost: number }) => release(cost) };
    return createStage(slot.toxic, ways, random);
  }

  source.on('data', (bytes: Buffer) => {
    const cost = bytes.length + PIECE_COST_BYTES;
    heldBytes += cost;
    if (heldBytes >= HOLD_BYTES) source.pause();
    passOn(null, { bytes, atMs: performance.now(), cost });
  });
  source.once('end', () => {
    ended = true;
    passOn(null, { ending: 'end' });
  });

  return {
    add(toxic: Toxic): void {
      const slot: Slot = { toxic, stage: null };
      slots.push(slot);
      slot.stage = finished || stopped ? null : stageFor(slot);
    },
    /** A toxic's attributes are others now; `redraw` when its toxicity is. */
    change(toxic: Toxic, redraw: boolean): void {
      const slot = slots.find((one) => one.toxic === toxic);
      if (slot === undefined || finished || stopped) return;
      if (!redraw) return slot.stage?.change();
      const before = slot.stage;
      const next = stageFor(slot);
      // Stays as it is where both draws say the same: what it has counted so far still holds.
      if (before !== null && next !== null) {
        next.stop();
        return before.change();
      }
      before?.remove();
      slot.stage = next;
    },
    remove(toxic: Toxic): void {
      const slot = slots.find((one) => one.toxic === toxic);
      if (slot === undefined) return;
      slot.stage?.remove();
      slots.splice(slots.indexOf(slot), 1);
    },
    /** The source is gone for good: the destination too, once it has what came before. */
    sourceClosed(): void {
      cutAtEnd = true;
      if (finished) destination.destroySoon();
      else if (!ended) {
        ended = true;
        passOn(null, { ending: 'cut' });
      }
    },
    /** Nobody is there to send to. */
    stop(): void {
      stopped = true;
      for (const { stage } of slots) stage?.stop();
    },
  };
}

/**
 * A client and its upstream, connected with each other through the toxics of both directions. `closed` is called once
 * when both are gone.
 */
export function createConnection(
  client: Socket, upstream: Socket, toxics: Iterable<Toxic>, random: () => number, closed: () => void,
) {
  const sockets = [client, upstream];
  const reset = (): void => sockets.forEach((socket) => socket.resetAndDestroy());
  const links: Record<Stream, Link> = {
    upstream: createLink(client, upstream, random, reset),
    downstream: createLink(upstream, client, random, reset),
  };
  let open = sockets.length;
  const gone = (from: Link, to: Link) => (): void => {
    to.stop();
    from.sourceClosed();
    open -= 1;
    if (open > 0) return;
    from.stop();
    closed();
  };
  client.once('close', gone(links.upstream, links.downstream));
  upstream.once('close', gone(links.downstream, links.upstream));
  for (const toxic of toxics) links[toxic.stream].add(toxic);
  client.resume();
  upstream.resume();

  return {
    add: (toxic: Toxic): void => links[toxic.stream].add(toxic),
    change: (toxic: Toxic, redraw: boolean): void => links[toxic.stream].change(toxic, redraw),
    remove: (toxic: Toxic): void => links[toxic.stream].remove(toxic),
    destroy: (): void => sockets.forEach((socket) => socket.destroy()),
  };
}
