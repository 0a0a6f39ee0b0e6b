import { listingsCsv, listingsOf } from '../fixtures/listings.ts';
import { journey } from './define.ts';
import { ListingsPage } from './pages/ListingsPage.ts';

export default journey({
  name: 'listing sync',
  arrange: ({ api, persona }) => api.signUp(persona),
  act: async ({ page, step, degraded, persona }) => {
    const listings = new ListingsPage(page);
    await step('open listings', { do: () => listings.open(), until: listings.syncButton });
    // To choose a file takes as long as the person takes: it is no latency.
    await listings.chooseFile('listings.csv', listingsCsv(listingsOf(persona, 200)));
    await step('sync listings', { do: () => listings.sync(), until: listings.syncResult });
    if (await listings.uploadLater.isVisible()) degraded(await listings.uploadLater.innerText());
    await step('show listings', { do: () => listings.openMine(), until: listings.firstListing });
  },
});
