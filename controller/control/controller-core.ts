/**
 * The controller's decisions in one place: a request in, records and an answer out. Pure: time, chance and the quorum's
 * view come with the call. (KIP-631)
 *
 * Invariants: a control only reads; `replay` alone changes the metadata. What a request asks for and cannot have is an
 * answer with Kafka's code; an ApiException refuses it as a whole.
 */
import type { Random } from '../../wire/base/env';
import { bootstrapRecords } from '../metadata/bootstrap';
import type { SessionTimeouts } from '../metadata/fast-session';
import { METADATA_VERSION_FEATURE, supportsTransactions } from '../metadata/metadata-version';
import { decodeMetadataRecord, metadataRecord, type MetadataRecord } from '../metadata/records';
import { ELR_FEATURE } from '../metadata/supported-features';
import { TransactionBuffer } from '../metadata/transaction-buffer';
import type { ConfigRules } from './config-rules';
import { ControllerState } from './controller-state';
import type { ControllerConfig, Controls } from './controls';
import { elrSafetyRecords } from './features';
import { StripedReplicaPlacer } from './placement';

export class ControllerCore implements Controls {
  readonly state: ControllerState;
  readonly placer: StripedReplicaPlacer;
  /** Of the log as it is read; a leader's own writes come whole. */
  private readonly transaction = new TransactionBuffer();

  constructor(
    readonly config: ControllerConfig,
    readonly rules: ConfigRules,
    readonly random: Random,
    timeouts: SessionTimeouts,
  ) {
    this.state = new ControllerState(timeouts);
    this.placer = new StripedReplicaPlacer(random);
  }

  /** Applies one record of the log, or of a write of its own, at its offset. Throws ReplayError. */
  replay(record: MetadataRecord, offset: number): void {
    this.transaction.feed(record, (one) => this.state.replay(one, offset));
  }

  /**
   * What a new leader writes first: in an empty log the bootstrap records, in a metadata transaction; after a leader that
   * failed in the middle of a transaction its abortion; else nothing. (KIP-868) Without bootstrap records the cluster
   * starts with the newest metadata.version, as Kafka's do.
   */
  activationRecords(bootstrap: readonly MetadataRecord[]): MetadataRecord[] {
    const reason = 'Controller failover';
    const abort = this.transaction.isOpen ? [metadataRecord('AbortTransactionRecord', 0, { reason })] : [];
    if (!this.state.image.isEmpty) return abort;
    const first = bootstrap.length > 0 ? bootstrap : bootstrapRecords().map(decodeMetadataRecord);
    const hasElr = finalizedBy(first, ELR_FEATURE) >= 1;
    const records = [...first, ...(hasElr ? elrSafetyRecords(this) : [])];
    if (!supportsTransactions(finalizedBy(first, METADATA_VERSION_FEATURE))) return [...abort, ...records];
    return [
      ...abort,
      metadataRecord('BeginTransactionRecord', 0, { name: 'Bootstrap records' }),
      ...records,
      metadataRecord('EndTransactionRecord', 0, {}),
    ];
  }
}

/** The level that the records give a feature; 0 when none does. */
function finalizedBy(records: readonly MetadataRecord[], feature: string): number {
  for (const record of records) {
    if (record.type === 'FeatureLevelRecord' && record.value.name === feature) return record.value.featureLevel;
  }
  return 0;
}
