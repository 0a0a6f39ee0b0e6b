import { journey } from './define.ts';
import { CheckoutPage } from './pages/CheckoutPage.ts';

export default journey({
  name: 'escrow checkout',
  arrange: async ({ api, persona }) => {
    await api.signUp(persona);
    return { project: await api.createProject(persona) };
  },
  act: async ({ page, step }, { project }) => {
    const checkout = new CheckoutPage(page);
    await step('open checkout', { do: () => checkout.open(project.id), until: checkout.total });
    await step('pay into escrow', { do: () => checkout.pay(), until: checkout.receipt });
  },
});
