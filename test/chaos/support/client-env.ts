/** The real network for the clients of these tests. */
import { createNodeBaseEnv } from '../../../wire/base/node-env';
import { silentLogger } from '../../../src/observe/silent-logger';
import { ClusterClient } from '../../../wire/cluster-client';

export const clientEnv = createNodeBaseEnv({ logger: silentLogger });

export const HOST = '127.0.0.1';

/** Runs `use` with a client of the broker on `port`. */
export async function withClient<T>(port: number, use: (client: ClusterClient) => Promise<T>): Promise<T> {
  const client = new ClusterClient(clientEnv, { bootstrap: [{ host: HOST, port }], clientId: 'chaos' });
  try {
    return await use(client);
  } finally {
    client.close();
  }
}
