/**
 * What a metric is called and means. A family is a value, so that the documentation's table is printed from the very families
 * that are served. Pure.
 */
export interface MetricFamily {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** A sentence without its full stop. */
  readonly help: string;
  /** The name under which Kafka's JMX, or a well-known exporter, has it; goes into the help text. */
  readonly kafka?: string;
  readonly labels?: readonly string[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** Why the family cannot be served, or null. */
export function familyProblem({ name, type, labels = [] }: MetricFamily): string | null {
  if (!NAME.test(name)) return `${name} is no name of a metric`;
  if ((type === 'counter') !== name.endsWith('_total')) return `${name}: counters, and only they, end in _total`;
  const bad = labels.find((label) => !NAME.test(label) || label.startsWith('__') || label.includes(':'));
  return bad === undefined ? null : `${name}: ${bad} is no name of a label`;
}

/** The text of `# HELP`: what it is, and where Kafka has it. */
export function helpText({ help, kafka }: MetricFamily): string {
  return kafka === undefined ? help : `${help} (Kafka: ${kafka})`;
}

/**
 * `{topic="a",partition="0"}`, for `MetricsWriter.add`. What is written often keeps the text: to build it costs more than the
 * rest of a sample.
 */
export function labelText(labels: Readonly<Record<string, string | number>>): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(String(value))}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

function escaped(value: string): string {
  return /[\\"\n]/.test(value) ? value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n') : value;
}
