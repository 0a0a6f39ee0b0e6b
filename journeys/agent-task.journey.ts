import { journey } from './define.ts';
import { ProjectPage } from './pages/ProjectPage.ts';

export default journey({
  name: 'agent task',
  arrange: async ({ api, persona }) => {
    await api.signUp(persona);
    return { project: await api.createProject(persona) };
  },
  act: async ({ page, step, agentTask, degraded }, { project }) => {
    const detail = new ProjectPage(page);
    await step('open project', { do: () => detail.open(project.id), until: detail.draft });
    // The agent's first words give way to the finished brief within a second: whoever looks later sees that one.
    const firstProgress = detail.agentProgress.or(detail.brief).filter({ visible: true }).first();
    await agentTask(
      { firstProgress: 'first progress', completed: 'brief complete' },
      { start: () => detail.draftBrief(), firstProgress, completed: detail.brief, degraded: detail.fallback },
    );
    if (await detail.fallback.isVisible()) degraded(await detail.fallback.innerText());
  },
});
