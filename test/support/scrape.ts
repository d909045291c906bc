/** What a node shows of itself, read as a scraper reads it. */

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

export class Scrape {
  constructor(readonly samples: readonly Sample[]) {}

  static async of(metricsUrl: string): Promise<Scrape> {
    const answer = await fetch(`${metricsUrl}/metrics`);
    if (answer.status !== 200) throw new Error(`${metricsUrl}/metrics answered ${answer.status}: ${await answer.text()}`);
    return new Scrape(parseSamples(await answer.text()));
  }

  /** The samples with that name and these labels, perhaps among others. */
  all(name: string, labels: Labels = {}): readonly Sample[] {
    const wanted = Object.entries(labels);
    return this.samples.filter((sample) => sample.name === name && wanted.every(([key, value]) => sample.labels[key] === value));
  }

  /** The one sample's value; undefined without one. */
  value(name: string, labels: Labels = {}): number | undefined {
    const found = this.all(name, labels);
    if (found.length > 1) throw new Error(`${name} ${JSON.stringify(labels)} is ${found.length} series`);
    return found[0]?.value;
  }
}

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

export function parseSamples(text: string): readonly Sample[] {
  return text.split('\n').flatMap((line) => {
    if (line === '' || line.startsWith('#')) return [];
    const match = SAMPLE.exec(line);
    if (match === null) throw new Error(`no sample: ${line}`);
    const labels = Object.fromEntries([...(match[2] ?? '').matchAll(LABEL)].map((label) => [label[1], label[2]])) as Labels;
    const value = match[3] === '+Inf' ? Infinity : Number(match[3]);
    return [{ name: match[1] ?? '', labels, value }];
  });
}
