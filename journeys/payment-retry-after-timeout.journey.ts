import { journey } from './define.ts';
import { CheckoutPage } from './pages/CheckoutPage.ts';

export default journey({
  name: 'payment retry after timeout',
  arrange: async ({ api, persona }) => {
    await api.signUp(persona);
    return { project: await api.createProject(persona) };
  },
  act: async ({ page, step, payments }, { project }) => {
    const checkout = new CheckoutPage(page);
    await step('open checkout', { do: () => checkout.open(project.id), until: checkout.total });
    let intent = await checkout.intend(payments);
    try {
      await checkout.loseNextAnswer();
      await step('pay, and hear nothing', { do: () => checkout.pay(), until: checkout.answered });
      await checkout.tell(payments, intent);
      // A page that finds out by itself what came of it leaves nothing to try again.
      if (await checkout.payButton.isVisible()) {
        intent = await checkout.intend(payments);
        await step('try again', { do: () => checkout.pay(), until: checkout.answer });
      }
    } finally {
      await checkout.tell(payments, intent);
    }
  },
});
