import { defineJourney } from '../../../src/journey.ts';

/** The first step makes ten calls at once, the second a single one. */
export default defineJourney<object, undefined>({
  name: 'ask',
  act: async ({ page, step }) => {
    const ask = page.getByRole('button', { name: 'Ask' });
    await step('open', { do: () => page.goto('/'), until: ask });
    await step('ask', { do: () => ask.click(), until: page.getByRole('status') });
  },
});
