// For those who call Allure themselves: npx allure generate reports/<runId>/allure-results. `npm run report` does more: history.
import { allureConfig } from './src/report/allure/config.ts';

export default allureConfig({ name: 'OpenShow Journeys', historyPath: null });
