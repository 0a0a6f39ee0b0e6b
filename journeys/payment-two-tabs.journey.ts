import { journey } from './define.ts';
import { CheckoutPage } from './pages/CheckoutPage.ts';

export default journey({
  name: 'payment two tabs',
  arrange: async ({ api, persona }) => {
    await api.signUp(persona);
    return { project: await api.createProject(persona) };
  },
  act: async ({ page, context, step, payments }, { project }) => {
    const [first, second] = [new CheckoutPage(page), new CheckoutPage(await context.newPage())];
    await step('open checkout', { do: () => first.open(project.id), until: first.total });
    await step('open checkout in a second tab', async () => {
      await second.open(project.id);
      await second.total.waitFor();
    });
    const intents = [await first.intend(payments), await second.intend(payments)] as const;
    try {
      await step('pay in both tabs', { do: () => Promise.all([first.pay(), second.pay()]), until: first.answer });
      await step('answer in the second tab', () => second.answered.waitFor());
    } finally {
      await first.tell(payments, intents[0]);
      await second.tell(payments, intents[1]);
    }
  },
});
