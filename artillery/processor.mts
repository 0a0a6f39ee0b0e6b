import { fileURLToPath } from 'node:url';
import { createProcessor } from './create-processor.ts';

export default await createProcessor(fileURLToPath(new URL('../journeys', import.meta.url)));
