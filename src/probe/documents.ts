/**
 * Runs `install` in this document, and in the one that takes over this window, if one does. A window opened by
 * script begins with an empty document, and hands its global over to the first real document of the same origin: no
 * init script runs a second time there, while everything bound to the old document is dead (seen in Chromium 153).
 * Self-contained: it is sent to the page as text.
 */
export function everyDocument(install: () => void): void {
  install();
  const first = document;
  if (first.URL !== 'about:blank') return;
  addEventListener('pagehide', () => {
    const channel = new MessageChannel();
    // The new document is there a task or two later, before it has painted. A few turns, and no more.
    let turns = 0;
    channel.port1.onmessage = () => {
      if (document !== first) install();
      else if ((turns += 1) < 1000) channel.port2.postMessage(null);
    };
    channel.port2.postMessage(null);
  }, { once: true });
}
