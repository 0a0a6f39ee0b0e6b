import { giveUp, joinParent, PartFault, partConfig } from '../shared/part.ts';
import { buildApp } from './app.ts';

const config = partConfig();
try {
  const app = await buildApp(config);
  await app.listen({ port: config.port, host: '127.0.0.1' }).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
    throw new PartFault('P_PORT_TAKEN', `port ${config.port}: ${code}; choose another with --port`);
  });
  const address = app.server.address();
  joinParent(typeof address === 'object' && address ? address.port : config.port, config, () => app.close());
} catch (error) {
  giveUp(error);
}
