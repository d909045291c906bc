/** kafkajs's clients that do not outlive their test: one that stays open keeps trying, and jest does not come to its end. */
import type { Admin, Consumer, Producer } from 'kafkajs';

type Client = Admin | Consumer | Producer;

/**
 * For the head of a file or a suite, before the hooks that stop its brokers: gives a function that connects a client, which is
 * disconnected after the test that is running, passed or failed, unless the test has done so.
 */
export function closedAfterEachTest(): <T extends Client>(client: T) => Promise<T> {
  const open = new Set<Client>();
  afterEach(async () => {
    await Promise.all([...open].map((client) => client.disconnect()));
    open.clear();
  });
  return async (client) => {
    open.add(client);
    // A consumer that is disconnected twice leaves its group twice, and its broker may be gone by then.
    onDisconnect(client, () => open.delete(client));
    await client.connect();
    return client;
  };
}

function onDisconnect(client: Client, done: () => void): void {
  const { on, events } = client as Pick<Producer, 'on' | 'events'>;
  on(events.DISCONNECT, done);
}
