/**
 * Prometheus' text format, version 0.0.4, written sample by sample. Pure.
 *
 * Invariants: a family's samples follow each other; no family has more than `maxSeries`, and how many were left out is known.
 */
import { invariant } from '../base/invariant';
import { BOUNDS_MS, type Histogram } from './histogram';
import { type MetricFamily, helpText } from './metric-family';

export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** `le` in seconds, as it stands in the text. */
const BOUND_TEXTS = [...BOUNDS_MS.map((boundMs) => String(boundMs / 1000)), '+Inf'];

const CHUNK_BYTES = 256 * 1024;
const STRETCH_CHARS = 4096;
/** Of one unit of a string. */
const MAX_UTF8_BYTES = 3;

export class MetricsWriter {
  /** Of the families written so far: how many series each left out. */
  readonly leftOut = new Map<string, number>();
  private text = '';
  private bytes = Buffer.allocUnsafe(CHUNK_BYTES);
  private filled = 0;
  private full: Uint8Array[] = [];
  private family: MetricFamily | null = null;
  private series = 0;

  constructor(readonly maxSeries: number) {}

  /** What comes next are this family's samples. */
  begin(family: MetricFamily): void {
    this.family = family;
    this.series = 0;
    const help = helpText(family).replace(/\\/g, '\\\\').replace(/\n/g, '\\n');
    this.text += `# HELP ${family.name} ${help}\n# TYPE ${family.name} ${family.type}\n`;
  }

  /** One more series. `labels` as `labelText` gives them, '' for none. */
  add(labels: string, value: number): void {
    if (!this.hasRoom()) return;
    this.text += `${this.family?.name}${labels} ${valueText(value)}\n`;
    if (this.text.length > STRETCH_CHARS) this.settle();
  }

  /** A sample whose name has something behind the family's, as the parts of somebody else's histogram have. */
  addPart(suffix: string, labels: string, value: number): void {
    if (this.hasRoom()) this.text += `${this.family?.name}${suffix}${labels} ${valueText(value)}\n`;
  }

  /** One more series of a family of histograms; Prometheus is told seconds. */
  addHistogram(labels: string, histogram: Histogram): void {
    if (!this.hasRoom()) return;
    const name = this.family?.name;
    const open = labels === '' ? '{' : `${labels.slice(0, -1)},`;
    let below = 0;
    for (let bucket = 0; bucket < BOUND_TEXTS.length; bucket++) {
      below += histogram.counts[bucket] ?? 0;
      this.text += `${name}_bucket${open}le="${BOUND_TEXTS[bucket]}"} ${below}\n`;
    }
    this.text += `${name}_sum${labels} ${valueText(histogram.sumMs / 1000)}\n${name}_count${labels} ${below}\n`;
  }

  private hasRoom(): boolean {
    if (this.series < this.maxSeries) {
      this.series++;
      return true;
    }
    this.leaveOut(1);
    return false;
  }

  /** So many series of the present family are not even brought: there would be no room. */
  leaveOut(count: number): void {
    const { family } = this;
    invariant(family !== null, 'a sample of no family');
    if (count > 0) this.leftOut.set(family.name, (this.leftOut.get(family.name) ?? 0) + count);
  }

  /** Turns the text into bytes: in short stretches, since a text of many pieces is dear to join. */
  private settle(): void {
    const needed = this.text.length * MAX_UTF8_BYTES;
    if (this.filled + needed > this.bytes.length) {
      this.full.push(this.bytes.subarray(0, this.filled));
      this.bytes = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, needed));
      this.filled = 0;
    }
    this.filled += this.bytes.write(this.text, this.filled);
    this.text = '';
  }

  /** What has been written since the last call. */
  take(): readonly Uint8Array[] {
    this.settle();
    const taken = [...this.full, this.bytes.subarray(0, this.filled)];
    this.full = [];
    this.bytes = this.bytes.subarray(this.filled);
    this.filled = 0;
    return taken;
  }
}

function valueText(value: number): string {
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}
