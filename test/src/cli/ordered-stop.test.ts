/** What the log of a node says that is stopped in order while the others of its cluster go on. */
import { MoldauCluster } from '../../support/moldau-cluster';

test('the active controller that is stopped in order warns of nothing', async () => {
  const cluster = await MoldauCluster.start();
  try {
    const isActive = ({ child }: MoldauCluster['nodes'][number]) =>
      child?.stderr.includes('"this node is the active controller"') === true;
    const active = cluster.nodes.find(isActive);
    expect(await active?.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(active?.child?.stderr).toContain('this node is not the active controller any more');
    expect(active?.child?.stderr.split('\n').filter((line) => /"level":"(?:warn|error)"/.test(line))).toEqual([]);
  } finally {
    await cluster.dispose();
  }
}, 60_000);
