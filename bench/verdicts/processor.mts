import { fileURLToPath } from 'node:url';
import { createProcessor } from '../../artillery/create-processor.ts';

export default await createProcessor(fileURLToPath(new URL('./journeys', import.meta.url)));
