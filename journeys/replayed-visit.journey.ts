import { journey } from './define.ts';
import { SearchPage } from './pages/SearchPage.ts';

export default journey({
  name: 'replayed visit',
  act: async ({ page, step, visit }) => {
    const search = new SearchPage(page);
    let name = 'first page';
    // A visitor of recorded search traffic: pages in turn, in one browser, so that a page seen before meets a warm cache.
    for await (const { path, again } of visit) {
      await step(again ? 'page again' : name, { do: () => search.openPath(path), until: search.content(path) });
      name = 'next page';
    }
  },
});
