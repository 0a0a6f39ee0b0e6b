import { journey } from './define.ts';
import { SearchPage } from './pages/SearchPage.ts';

export default journey({
  name: 'search page view',
  act: async ({ page, step, persona }) => {
    const search = new SearchPage(page);
    // A person comes from a search engine, looks at one creator, then searches on the site.
    await step('landing page', { do: () => search.open(persona.search.slug), until: search.firstResult });
    await step('creator page', { do: () => search.openFirstResult(), until: search.creatorName });
    await step('marketplace', { do: () => search.openHome(), until: search.firstResult });
    await step('suggestions', { do: () => search.type(persona.search.query), until: search.firstSuggestion });
  },
});
