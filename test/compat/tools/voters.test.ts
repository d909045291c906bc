/**
 * Apache Kafka's kafka-metadata-quorum.sh against a quorum of real processes: one voter becomes three, a node whose disk was
 * replaced is removed and added again, and the leader is removed. (KIP-836, KIP-853)
 */
import { GrowingQuorum } from '../../support/growing-quorum';
import { KafkaTools, type ToolResult } from '../../support/kafka-tools';
import { needs } from '../../support/needs';
import { untilFound } from '../../support/until';

/** Changes take their time: the same command, until it says what it should. */
async function until<T>(what: string, look: () => Promise<T>, isEnough: (found: T) => boolean): Promise<T> {
  let last: T;
  const lookAgain = async (): Promise<T | null> => (isEnough((last = await look())) ? last : null);
  return untilFound(what, lookAgain, { instead: () => JSON.stringify(last) });
}

needs('kafka')('kafka-metadata-quorum.sh', () => {
  let quorum: GrowingQuorum;
  let tools: KafkaTools;

  beforeAll(async () => {
    tools = new KafkaTools();
    quorum = await GrowingQuorum.start(4, { 'controller.quorum.auto.join.enable': 'false' });
  });

  afterAll(async () => {
    await quorum.dispose();
    await tools.close();
  });

  const run = (...args: readonly string[]): Promise<ToolResult> => tools.run('kafka-metadata-quorum', ['--bootstrap-server', quorum.bootstrap, ...args]);
  const add = (id: number): Promise<ToolResult> =>
    tools.run('kafka-metadata-quorum', ['--bootstrap-server', quorum.bootstrap, '--command-config', quorum.node(id).propertiesFile, 'add-controller']);
  const remove = (id: number, directoryId: string): Promise<ToolResult> =>
    run('remove-controller', '--controller-id', String(id), '--controller-directory-id', directoryId);

  /** Of `describe --status`. */
  async function status(): Promise<{ text: string; leader: number; voters: readonly number[]; observers: readonly number[] }> {
    const { stdout } = await run('describe', '--status');
    const row = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(stdout)?.[1] ?? '';
    const ids = (name: string): number[] => [...row(name).matchAll(/"id": (\d+)/g)].map(([, id]) => Number(id)).sort();
    return { text: stdout, leader: Number(row('LeaderId')), voters: ids('CurrentVoters'), observers: ids('CurrentObservers') };
  }

  const added = (id: number): Promise<ToolResult> => until(`controller ${id} is added`, () => add(id), ({ code }) => code === 0);
  const removed = (id: number, directoryId: string): Promise<ToolResult> => until(`controller ${id} is removed`, () => remove(id, directoryId), ({ code }) => code === 0);

  async function createsTopic(name: string): Promise<void> {
    const { stdout, stderr } = await tools.run('kafka-topics', ['--bootstrap-server', quorum.bootstrap, '--create', '--topic', name, '--partitions', '1', '--replication-factor', '1']);
    expect({ stdout: stdout.trim(), stderr }).toEqual({ stdout: `Created topic ${name}.`, stderr: '' });
  }

  test('shows a quorum of one, and the controllers that wait', async () => {
    const { text, leader, voters, observers } = await until('three observers', status, (found) => found.observers.length === 3);
    expect({ leader, voters, observers }).toEqual({ leader: 1, voters: [1], observers: [2, 3, 4] });
    expect(text).toContain(`"directoryId": "${quorum.directoryId(1)}"`);
  });

  test('makes it a quorum of three', async () => {
    const second = await added(2);
    expect(second.stdout).toContain(`Added controller 2 with directory id ${quorum.directoryId(2)} and endpoints: CONTROLLER://127.0.0.1:${quorum.node(2).controllerPort}`);
    await added(3);
    expect(await status()).toMatchObject({ leader: 1, voters: [1, 2, 3], observers: [4] });
    const replication = await until('two followers', async () => (await run('describe', '--replication')).stdout, (text) => (text.match(/Follower/g) ?? []).length === 2);
    expect(replication.split('\n').filter((line) => /Leader|Follower|Observer/.test(line) && /^\d/.test(line)).map((line) => line.split(/\s+/)[0]).sort()).toEqual(['1', '2', '3', '4']);
    await createsTopic('three-voters');
  });

  test('says why it changes nothing', async () => {
    expect((await add(2)).stderr).toContain('DuplicateVoterException');
    expect((await remove(4, quorum.directoryId(4))).stderr).toContain('VoterNotFoundException');
  });

  test('replaces a voter that has lost its disk', async () => {
    const former = quorum.directoryId(3);
    await quorum.replaceDisk(3);
    expect(quorum.directoryId(3)).not.toBe(former);
    expect((await add(3)).stderr).toContain('DuplicateVoterException');
    await removed(3, former);
    await added(3);
    const { text, voters } = await status();
    expect(voters).toEqual([1, 2, 3]);
    expect(text).toContain(quorum.directoryId(3));
    // The majority that is left without node 2 is one with the new disk.
    await quorum.node(2).end('SIGKILL');
    await createsTopic('replaced-voter');
    await quorum.node(2).start();
  });

  test('removes the leader, and another takes over', async () => {
    await removed(1, quorum.directoryId(1));
    // Each observer is listed once it has fetched from the new leader.
    const isOver = (found: { leader: number; observers: readonly number[] }): boolean => found.leader !== 1 && [1, 4].every((id) => found.observers.includes(id));
    const { leader, voters, observers } = await until('another leads, and observers 1 and 4 follow it', status, isOver);
    expect(voters).toEqual([2, 3]);
    expect(observers).toEqual([1, 4]);
    expect([2, 3]).toContain(leader);
    await createsTopic('without-node-1');
    await added(4);
    expect((await status()).voters).toEqual([2, 3, 4]);
  });
});

needs('kafka')('controllers that join by themselves', () => {
  test('become voters, and again when they have lost their disks', async () => {
    const tools = new KafkaTools();
    const quorum = await GrowingQuorum.start(3, { 'controller.quorum.auto.join.enable': 'true', 'controller.quorum.fetch.timeout.ms': '500' });
    try {
      const voters = async (): Promise<string> => {
        const { stdout } = await tools.run('kafka-metadata-quorum', ['--bootstrap-server', quorum.bootstrap, 'describe', '--status']);
        return /^CurrentVoters:.*$/m.exec(stdout)?.[0] ?? '';
      };
      const everybody = (text: string): boolean => [1, 2, 3].every((id) => text.includes(quorum.directoryId(id)));
      await until('three voters', voters, everybody);
      await quorum.replaceDisk(3);
      const text = await until('three voters, one with a new disk', voters, everybody);
      expect([...text.matchAll(/"id": (\d+)/g)].map(([, id]) => Number(id)).sort()).toEqual([1, 2, 3]);
    } finally {
      await quorum.dispose();
      await tools.close();
    }
  });
});
