/**
 * kraft.version is raised from 0 to 1: three nodes whose voters are those of controller.quorum.voters get voters that can be
 * changed. Apache Kafka's tools do the same to a cluster of Apache Kafka and to one of Moldau, and print the same. (KIP-853)
 */
import type { ClusterProcess } from '../../support/cluster-process';
import { startKafkaCluster } from '../../support/kafka-cluster';
import { KafkaTools, type ToolName, type ToolResult } from '../../support/kafka-tools';
import { startMoldauCluster } from '../../support/moldau-cluster';
import { needs } from '../../support/needs';
import { until } from '../../support/until';

const STATIC = { hasStaticVoters: true };
const UPGRADE = ['upgrade', '--feature', 'kraft.version=1'];

interface Seen {
  /** What was printed, without what differs from cluster to cluster. */
  readonly printed: readonly string[];
  readonly directories: readonly string[];
  readonly votersAtEnd: readonly number[];
}

jest.setTimeout(90_000);

needs('kafka')('kafka-features.sh upgrade --feature kraft.version=1', () => {
  let tools: KafkaTools;
  beforeAll(() => {
    tools = new KafkaTools();
  });
  afterAll(async () => {
    await tools.close();
  });

  async function raise(cluster: ClusterProcess): Promise<Seen> {
    const run = (tool: ToolName, ...args: readonly string[]): Promise<ToolResult> => tools.run(tool, ['--bootstrap-server', cluster.bootstrap, ...args], { timeoutMs: 20_000 });
    const level = async (): Promise<string> => {
      const { stdout } = await run('kafka-features', 'describe');
      return /^Feature: kraft\.version.*?FinalizedVersionLevel: \d+/m.exec(stdout)?.[0].replaceAll('\t', ' ') ?? stdout;
    };
    const said = ({ stdout, stderr, code }: ToolResult): string => `${stdout.trim()} ${stderr.trim()} (${code})`;
    const succeeds = async (tool: ToolName, ...args: readonly string[]): Promise<void> => {
      let last = '';
      const isDone = async (): Promise<boolean> => {
        const result = await run(tool, ...args);
        last = said(result);
        return result.code === 0;
      };
      await until(`${tool} ${args.join(' ')} succeeds`, isDone, { instead: () => last });
    };
    const status = async (): Promise<string> => (await run('kafka-metadata-quorum', 'describe', '--status')).stdout;
    const printed = [await level()];
    // Each voter tells its leader of itself first.
    await succeeds('kafka-features', ...UPGRADE);
    printed.push(await level(), said(await run('kafka-features', ...UPGRADE)));
    printed.push(said(await run('kafka-features', 'downgrade', '--feature', 'kraft.version=0')));
    const directories = [...(await status()).matchAll(/"directoryId": "([^"]+)"/g)].map(([, id]) => id ?? '');
    const remove = ['remove-controller', '--controller-id', '3', '--controller-directory-id', directories[2] ?? ''];
    await succeeds('kafka-metadata-quorum', ...remove);
    const voters = /^CurrentVoters:(.*)$/m.exec(await status())?.[1] ?? '';
    return { printed, directories, votersAtEnd: [...voters.matchAll(/"id": (\d+)/g)].map(([, id]) => Number(id)) };
  }

  async function seenWith(started: Promise<ClusterProcess>): Promise<Seen> {
    const cluster = await started;
    try {
      return await raise(cluster);
    } finally {
      await cluster.dispose();
    }
  }

  test('makes the static voters dynamic ones, as with Apache Kafka', async () => {
    const ours = await seenWith(startMoldauCluster(STATIC));
    expect(ours.printed[1]).toContain('FinalizedVersionLevel: 1');
    expect(new Set(ours.directories).size).toBe(3);
    expect(ours.votersAtEnd).toEqual([1, 2]);
    const kafkas = await seenWith(startKafkaCluster(STATIC));
    expect(ours.printed).toEqual(kafkas.printed);
    expect(kafkas.votersAtEnd).toEqual([1, 2]);
  });
});
