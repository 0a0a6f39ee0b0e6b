import { journey } from './define.ts';
import { SignupPage } from './pages/SignupPage.ts';

export default journey({
  name: 'signup',
  act: async ({ page, step, persona }) => {
    const signup = new SignupPage(page);
    await step('open signup', { do: () => signup.open(), until: signup.create });
    // Typing takes as long as the person types: it is no latency, so it stands outside of the steps.
    await signup.fill(persona);
    await step('submit signup', { do: () => signup.submit(), until: signup.welcome });
  },
});
