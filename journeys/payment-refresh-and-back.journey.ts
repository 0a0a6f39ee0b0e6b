import { journey } from './define.ts';
import { CheckoutPage } from './pages/CheckoutPage.ts';
import { ProjectPage } from './pages/ProjectPage.ts';

export default journey({
  name: 'payment refresh and back',
  arrange: async ({ api, persona }) => {
    await api.signUp(persona);
    return { project: await api.createProject(persona) };
  },
  act: async ({ page, step, payments }, { project }) => {
    const [detail, checkout] = [new ProjectPage(page), new CheckoutPage(page)];
    await step('open project', { do: () => detail.open(project.id), until: detail.fund });
    await step('open checkout', { do: () => detail.fund.click(), until: checkout.total });
    let intent = await checkout.intend(payments);
    try {
      await step('pay and refresh at once', async () => {
        await checkout.pay();
        await page.reload();
        await checkout.arrived.waitFor();
      });
      // The refresh may have come before the payment was through: then the form is there again, and pays the same.
      if (await checkout.payButton.isVisible()) {
        intent = await checkout.intend(payments);
        await step('pay again', { do: () => checkout.pay(), until: checkout.answer });
      }
      await step('go back', async () => {
        await page.goBack();
        await detail.title.waitFor();
      });
      await step('open checkout again', { do: () => checkout.open(project.id), until: checkout.answer });
    } finally {
      await checkout.tell(payments, intent);
    }
  },
});
