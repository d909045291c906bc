/** What commands have in common that are clients of a cluster. */
import { createNodeBaseEnv } from '../../wire/base/node-env';
import { type BrokerAddress, ClusterClient } from '../../wire/cluster-client';
import { silentLogger } from '../observe/silent-logger';

/** A flag that cannot be meant; the message says which and why. */
export class FlagError extends Error {
  override readonly name = 'FlagError';
}

export type ClientEnv = ReturnType<typeof createNodeBaseEnv>;

/** Says on standard error what went wrong, and leaves exit code 1. */
export async function withCluster(
  bootstrap: string,
  clientId: string,
  use: (client: ClusterClient, env: ClientEnv) => Promise<void>,
): Promise<void> {
  try {
    const env = createNodeBaseEnv({ logger: silentLogger });
    const client = new ClusterClient(env, { bootstrap: addressesOf(bootstrap), clientId });
    try {
      await use(client, env);
    } finally {
      client.close();
    }
  } catch (error) {
    const message =
      error !== null && typeof error === 'object' && 'message' in error ? String(error.message) : String(error);
    process.stderr.write(`moldau: ${message}\n`);
    process.exitCode = 1;
  }
}

/** Of --bootstrap-server. Throws FlagError. */
export function addressesOf(text: string): readonly BrokerAddress[] {
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  const addresses = entries.map((entry) => {
    const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(entry);
    const host = match?.[1] ?? match?.[2];
    if (host === undefined) throw new FlagError(`--bootstrap-server takes host:port,..., and got ${entry}.`);
    return { host, port: Number(match?.[3]) };
  });
  if (addresses.length === 0) throw new FlagError('--bootstrap-server names no broker.');
  return addresses;
}
