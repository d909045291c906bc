/**
 * Metadata transactions: records between Begin and End count only once End is there; Abort undoes them. (KIP-868)
 *
 * So they are kept back rather than applied and taken back. Markers do not nest, and none stands alone.
 */
import type { MetadataRecord } from './records';
import { ReplayError } from './replay-error';

/** More records than any controller writes in one transaction: a log that needs more is broken. */
const MAX_HELD_RECORDS = 10_000_000;

export class TransactionBuffer {
  private held: MetadataRecord[] | null = null;

  get isOpen(): boolean {
    return this.held !== null;
  }

  /** Hands every record that counts now to `apply`. Throws ReplayError for markers out of place. */
  feed(record: MetadataRecord, apply: (record: MetadataRecord) => void): void {
    switch (record.type) {
      case 'BeginTransactionRecord':
        if (this.held !== null) throw new ReplayError('a metadata transaction begins inside another');
        this.held = [];
        return;
      case 'EndTransactionRecord':
        for (const one of this.close('EndTransactionRecord')) apply(one);
        return;
      case 'AbortTransactionRecord':
        this.close('AbortTransactionRecord');
        return;
      default:
        if (this.held === null) return apply(record);
        if (this.held.length >= MAX_HELD_RECORDS) throw new ReplayError('a metadata transaction grows without end');
        this.held.push(record);
    }
  }

  private close(what: string): MetadataRecord[] {
    const held = this.held;
    if (held === null) throw new ReplayError(`${what} without a transaction`);
    this.held = null;
    return held;
  }
}
