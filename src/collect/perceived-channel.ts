import type { BrowserContext, Page } from 'playwright';
import type { ProbeMessage } from '../probe/plan.ts';
import { CHANNEL } from '../probe/source.ts';

type Listener = (message: ProbeMessage, page: Page) => void;
const channels = new WeakMap<BrowserContext, { listeners: Set<Listener>; ready: Promise<unknown> }>();

/** Listens to what the probe in the context's documents sends; one binding serves the clock and the vitals. */
export async function listen(context: BrowserContext, listener: Listener): Promise<void> {
  let channel = channels.get(context);
  if (!channel) {
    const listeners = new Set<Listener>();
    const ready = context.exposeBinding(CHANNEL, ({ page }, message: ProbeMessage) => {
      for (const each of listeners) each(message, page);
    });
    channel = { listeners, ready };
    channels.set(context, channel);
  }
  channel.listeners.add(listener);
  await channel.ready;
}
