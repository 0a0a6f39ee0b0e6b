import { journey } from './define.ts';
import { CheckoutPage } from './pages/CheckoutPage.ts';
import { ProjectPage } from './pages/ProjectPage.ts';

export default journey({
  name: 'payment closed tab',
  arrange: async ({ api, persona }) => {
    await api.signUp(persona);
    return { project: await api.createProject(persona) };
  },
  act: async ({ page, context, step, payments }, { project }) => {
    const detail = new ProjectPage(page);
    await step('open project', { do: () => detail.open(project.id), until: detail.fund });
    const tab = await context.newPage();
    const hasty = new CheckoutPage(tab);
    await step('open checkout in a tab of its own', async () => {
      await hasty.open(project.id);
      await hasty.total.waitFor();
    });
    let intent = await hasty.intend(payments);
    await step('pay and close the tab', async () => {
      await hasty.pay();
      await tab.close();
    });
    const back = new CheckoutPage(page);
    try {
      await step('come back', { do: () => back.open(project.id), until: back.arrived });
      // The tab may have been gone before the payment was through: then the form is there, and pays the same.
      if (await back.payButton.isVisible()) {
        intent = await back.intend(payments);
        await step('pay after all', { do: () => back.pay(), until: back.answer });
      }
    } finally {
      await back.tell(payments, intent);
    }
  },
});
