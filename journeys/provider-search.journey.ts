import { listingsOf } from '../fixtures/listings.ts';
import { journey } from './define.ts';
import { ListingsPage } from './pages/ListingsPage.ts';

const WORDS = 'film';

export default journey({
  name: 'provider search',
  arrange: async ({ api, persona }) => {
    await api.signUp(persona);
    // A fifth of them are films: more than a page of 24.
    await api.syncListings(listingsOf(persona, 150));
  },
  act: async ({ page, step }) => {
    const listings = new ListingsPage(page);
    const headed = (text: string) => listings.heading.filter({ hasText: text });
    await step('open listings', { do: () => listings.open(), until: listings.firstListing });
    await listings.fillSearch(WORDS, 'My listings');
    await step('search own listings', { do: () => listings.search(), until: headed(`My listings: “${WORDS}”`) });
    await step('next page', { do: () => listings.openMore(), until: headed('continued') });
    await listings.fillSearch(WORDS, 'All listings');
    await step('search all listings', { do: () => listings.search(), until: headed(`All listings: “${WORDS}”`) });
  },
});
