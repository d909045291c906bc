/** Finalized feature levels. (KIP-584) kraft.version is not among them: the quorum's own control records hold it. */
import type { RecordedDelta } from './recorded-delta';
import { ReplayError } from './replay-error';
import { SUPPORTED_FEATURES } from './supported-features';
import { METADATA_VERSION_FEATURE, MINIMUM_METADATA_VERSION } from './metadata-version';

export class FeaturesImage {
  private readonly finalized = new Map<string, number>();
  /** Of clusters that once migrated from ZooKeeper; carried along, never written by us otherwise. */
  zkMigrationState: number | null = null;

  /** The finalized metadata.version; the lowest there is before the first record. */
  get metadataVersion(): number {
    return this.finalized.get(METADATA_VERSION_FEATURE) ?? MINIMUM_METADATA_VERSION;
  }

  /** Null before the log has said it. */
  get finalizedMetadataVersion(): number | null {
    return this.finalized.get(METADATA_VERSION_FEATURE) ?? null;
  }

  /** 0 when the feature is not enabled. */
  level(name: string): number {
    return this.finalized.get(name) ?? 0;
  }

  /** metadata.version first, the others by name. */
  all(): readonly (readonly [name: string, level: number])[] {
    return [...this.finalized].sort(([a], [b]) => {
      if (a === METADATA_VERSION_FEATURE) return -1;
      if (b === METADATA_VERSION_FEATURE) return 1;
      return a < b ? -1 : 1;
    });
  }

  /** Throws ReplayError for a level that this release cannot run at. */
  setLevel(name: string, level: number, delta: RecordedDelta | null): void {
    const range = SUPPORTED_FEATURES.get(name) ?? { min: 0, max: 0 };
    if (level < range.min || level > range.max) {
      throw new ReplayError(
        `feature ${name} is finalized at ${level}, and this release supports ${range.min} to ${range.max}`,
      );
    }
    if (level === 0) this.finalized.delete(name);
    else this.finalized.set(name, level);
    delta?.noteFeature(name);
  }

  copy(): FeaturesImage {
    const copy = new FeaturesImage();
    for (const [name, level] of this.finalized) copy.finalized.set(name, level);
    copy.zkMigrationState = this.zkMigrationState;
    return copy;
  }
}
