import { journey } from './define.ts';
import { CheckoutPage } from './pages/CheckoutPage.ts';

export default journey({
  name: 'escrow checkout',
  arrange: async ({ api, persona }) => {
    await api.signUp(persona);
    return { project: await api.createProject(persona) };
  },
  act: async ({ page, step, payments, degraded }, { project }) => {
    const checkout = new CheckoutPage(page);
    await step('open checkout', { do: () => checkout.open(project.id), until: checkout.total });
    const intent = await checkout.intend(payments);
    try {
      // Where the payment provider does not answer, the user is told that the payment is being confirmed.
      await step('pay into escrow', { do: () => checkout.pay(), until: checkout.answer });
      const [told] = await checkout.confirming.filter({ visible: true }).allInnerTexts();
      if (told !== undefined) degraded(told);
    } finally {
      await checkout.tell(payments, intent);
    }
  },
});
