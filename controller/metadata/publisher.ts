/** Who is told of new metadata, and what. */
import type { MetadataDelta } from './delta';
import type { MetadataImage, MetadataProvenance } from './image';

export interface LoaderManifest {
  readonly source: 'log' | 'snapshot';
  readonly provenance: MetadataProvenance;
  /** Bytes of the log or snapshot that this publication adds. */
  readonly sizeBytes: number;
}

export interface MetadataPublisher {
  readonly name: string;
  /**
   * Called in the turn in which the image changed, one publisher after the other in the order of installation. The image
   * is good until the publisher returns and changes in place later. What it throws stops the node.
   */
  publish(delta: MetadataDelta, image: MetadataImage, manifest: LoaderManifest): void;
}
