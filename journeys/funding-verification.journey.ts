import { listingsOf } from '../fixtures/listings.ts';
import { journey } from './define.ts';
import { ListingsPage } from './pages/ListingsPage.ts';

export default journey({
  name: 'funding verification',
  arrange: async ({ api, persona }) => {
    await api.signUp(persona);
    await api.syncListings(listingsOf(persona, 3));
    const listing = await api.firstOwnListing();
    // Somebody else orders from it, and pays into escrow.
    const buyer = { ...persona, email: persona.email.replace('@', '.buyer@') };
    await api.signUp(buyer);
    const project = await api.createProject(buyer, listing.id);
    await api.payIntoEscrow(project.id);
    await api.logIn(persona);
  },
  act: async ({ page, step, degraded }) => {
    const listings = new ListingsPage(page);
    await step('open listings', { do: () => listings.open(), until: listings.verifyButton });
    await step('verify funding', { do: () => listings.verify(), until: listings.fundingResult });
    const statuses = await listings.fundingStatuses.allInnerTexts();
    if (statuses.some((status) => status === 'Does not agree')) throw new Error('the payment provider has other amounts than the platform');
    if (statuses.some((status) => status !== 'Verified')) degraded(await listings.fundingResult.innerText());
  },
});
