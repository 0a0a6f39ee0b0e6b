import { journey } from './define.ts';
import { CheckoutPage } from './pages/CheckoutPage.ts';

export default journey({
  name: 'payment double click',
  arrange: async ({ api, persona }) => {
    await api.signUp(persona);
    return { project: await api.createProject(persona) };
  },
  act: async ({ page, step, payments }, { project }) => {
    const checkout = new CheckoutPage(page);
    await step('open checkout', { do: () => checkout.open(project.id), until: checkout.total });
    const intent = await checkout.intend(payments);
    try {
      await step('pay with a double click', { do: () => checkout.payTwice(), until: checkout.answer });
    } finally {
      await checkout.tell(payments, intent);
    }
  },
});
