/** An unmodified kafkajs and a whole broker, in one process, over the simulated network: the client lives in real time. */
import { Kafka, logLevel } from 'kafkajs';
import { startBrokerNode } from '../../src/broker';
import { WALL_START_MS } from './clock';
import { BROKER_HOST, BROKER_PORT, singleBrokerConfig } from './scenarios/broker/broker-config';
import { createSocketFactory } from './sim-socket';
import { SimWorld } from './world';

const TOPIC = 'letters';

function startBroker(world: SimWorld): void {
  world.start(world.host(BROKER_HOST), 'broker', async (env) => {
    const broker = await startBrokerNode(env, singleBrokerConfig(true, ['/data']));
    await broker.closed;
  });
}

function clientOf(world: SimWorld): Kafka {
  const owner = world.scheduler.createOwner('kafkajs');
  return new Kafka({
    brokers: [`${BROKER_HOST}:${BROKER_PORT}`],
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 20, retries: 20 },
    socketFactory: createSocketFactory(world.network, world.scheduler, owner) as never,
  });
}

/** Lets the world go on beside real code until `work` is done: a virtual millisecond for each turn of the loop. */
async function beside<T>(world: SimWorld, work: Promise<T>): Promise<T> {
  let isDone = false;
  const finished = (): void => {
    isDone = true;
  };
  work.then(finished, finished);
  while (!isDone) await world.runAwaiting({ untilMs: world.nowMs + 1 });
  return work;
}

describe('kafkajs and a simulated broker', () => {
  test.each(['kill', 'power'])('nothing that was acknowledged is lost over %s', async (fault) => {
    const world = new SimWorld({ seed: 1 });
    // The client stamps its records with real time, which the broker must not take for a far future.
    world.host(BROKER_HOST).wall.offsetMs = Date.now() - WALL_START_MS;
    startBroker(world);
    const kafka = clientOf(world);
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    const admin = kafka.admin();
    await beside(world, admin.connect());
    await beside(world, admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 1 }] }));
    await beside(world, producer.connect());
    const sent: string[] = [];
    for (let i = 0; i < 10; i++) {
      const work = producer.send({ topic: TOPIC, messages: [{ value: `letter ${i}` }] });
      if (i === 5) {
        world.kill('broker');
        if (fault === 'power') {
          world.powerLoss(world.host(BROKER_HOST));
          world.powerOn(world.host(BROKER_HOST));
        }
        startBroker(world);
      }
      await beside(world, work);
      sent.push(`letter ${i}`);
    }

    const received: string[] = [];
    const consumer = kafka.consumer({ groupId: 'readers' });
    await beside(world, consumer.connect());
    await beside(world, consumer.subscribe({ topic: TOPIC, fromBeginning: true }));
    const all = new Promise<void>((resolve, reject) => {
      const eachMessage = async ({ message }: { message: { value: Buffer | null } }): Promise<void> => {
        received.push(String(message.value));
        if (received.length === sent.length) resolve();
      };
      consumer.run({ eachMessage }).catch(reject);
    });
    await beside(world, all);
    await beside(world, Promise.all([consumer.disconnect(), producer.disconnect(), admin.disconnect()]));
    expect(received).toEqual(sent);
  });
});
