import { journey } from './define.ts';
import { NewProjectPage } from './pages/NewProjectPage.ts';
import { ProjectPage } from './pages/ProjectPage.ts';

export default journey({
  name: 'project creation',
  arrange: ({ api, persona }) => api.signUp(persona),
  act: async ({ page, step, persona }) => {
    const form = new NewProjectPage(page);
    await step('open form', { do: () => form.open(), until: form.create });
    await form.fill(persona.project);
    await step('create project', { do: () => form.submit(), until: new ProjectPage(page).title });
  },
});
