/** The generated part of docs/benchmarks.md: how it was measured, the table, and how to read it. The rest is written by hand. */
import { asMarkdown } from './table';

const START = '<!-- generated: bench -->\n';
const END = '<!-- end of bench -->';

/** The page with its generated part replaced. Throws when it has none. */
export function renewed(page: string, part: string): string {
  const [from, to] = [page.indexOf(START), page.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`docs/benchmarks.md has no part between ${START.trim()} and ${END}`);
  return page.slice(0, from + START.length) + part + page.slice(to);
}

export function generatedPart(environment: readonly string[], table: readonly (readonly string[])[]): string {
  return `Moldau beside Apache Kafka, on one machine, in one run. Written by \`npm run bench -- --write\`; \`npm run bench -- --quick\` is a smoke test of every row in a few minutes, \`--help\` lists the rest.

${environment.map((line) => `- ${line}`).join('\n')}

${asMarkdown(table)}
### How to read it

- Each cell is the median over the pairs and, in brackets, the range. **Other** is what stands under *against*. **Ratio** is Moldau divided by it, formed within each pair, whose halves ran one after the other: above 1 Moldau moves more, and for memory, start and CPU below 1 Moldau needs less.
- Each measurement has a fresh process on an empty directory, one broker alone, a warm-up, then a window. Both have the same settings: Kafka's defaults, one replica, and topics with small segments and about a gigabyte of retention that is looked at every second, so that the page cache is measured and not the disk.
- **Mode**: neither broker waits for the disk before it acknowledges. Such an ack survives kill -9 of the broker, not a loss of power; that is Kafka's default and Moldau's. Moldau validates records as stated above: \`full\` is what Kafka does, every record of every batch is looked at, and compressed batches are decompressed for it.
- **MB/s** counts whole batches as they are on the wire (for lz4: compressed), in millions of bytes; for kcat the values of records. **CPU** is the broker process's user and system time: seconds per GB, or microseconds per request in the row of small requests.
- **Stall** is the longest time within the window in which one of the connections, which always had a request in flight, received nothing.
- **Client busy** is the share of a core that the load generator used, at most over both brokers: near 100 % it is the limit, and the throughput ratio says less than the CPU ratio.
- The load generator has 4 connections with 5 produce requests in flight on each (100 B records: 10 connections), or one fetch. kcat runs with librdkafka's defaults except acks=1. It shares the machine with the broker.
- Fetches go through one gigabyte in 16 KB batches that lies in the page cache, again and again. With 12 partitions each request names one of them.
- **Memory** is what is resident after a start and a rest, then after a produce and a fetch load and a rest. **Start** is from the start of the process until a client's first record is acknowledged on a topic that it had created, on an empty directory: Moldau formats it within that time, Kafka's was formatted before.
`;
}
