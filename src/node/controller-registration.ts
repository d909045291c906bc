/**
 * A controller makes itself known to the cluster: with its listeners, and the features that it can run at, without which no
 * feature may be raised (KIP-919). Every process registers once; that it has is read from the metadata.
 */
import type { MetadataImage } from '../../controller/metadata/image';
import { supportsControllerRegistration } from '../../controller/metadata/metadata-version';
import type { Logger, TimerHandle, Timers } from '../../wire/base/env';
import { ErrorCode, errorName } from '../../wire/base/error-codes';
import { isPeerFailure, type PeerFailure } from '../../wire/peer-link';
import type { ControllerRegistrationRequest, ControllerRegistrationResponse } from '../../wire/schema/broker';
import type { ControllerChannel } from '../controller-channel';

export interface ControllerRegistrationParts {
  readonly channel: ControllerChannel;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly request: ControllerRegistrationRequest;
  /** Null before there is any metadata. */
  image(): MetadataImage | null;
}

const TIMEOUT_MS = 5_000;
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 10_000;

export class ControllerRegistration {
  private isStarted = false;
  private isAsking = false;
  private isAccepted = false;
  private retryMs = FIRST_RETRY_MS;
  private timer: TimerHandle | null = null;

  constructor(private readonly parts: ControllerRegistrationParts) {}

  start(): void {
    this.isStarted = true;
    this.metadataApplied();
  }

  /** Registers if that is still to be done, and the metadata's version knows of it. */
  metadataApplied(): void {
    const { request, channel } = this.parts;
    const image = this.parts.image();
    if (!this.isStarted || this.isAsking || this.isAccepted || this.timer !== null || image === null) return;
    if (!supportsControllerRegistration(image.features.metadataVersion)) return;
    if (image.cluster.controllers.get(request.controllerId)?.incarnationId === request.incarnationId) return;
    this.isAsking = true;
    channel.call('ControllerRegistration', request, TIMEOUT_MS, (result) => this.answered(result));
  }

  stop(): void {
    this.isStarted = false;
    this.timer?.cancel();
  }

  private answered(result: ControllerRegistrationResponse | PeerFailure): void {
    this.isAsking = false;
    if (!this.isStarted) return;
    this.isAccepted = !isPeerFailure(result) && result.errorCode === ErrorCode.NONE;
    if (this.isAccepted) return;
    const why = isPeerFailure(result) ? result.message : errorName(result.errorCode);
    this.parts.logger.warn(`this controller is not registered yet: ${why}`);
    this.timer = this.parts.timers.set(this.retryMs, () => {
      this.timer = null;
      this.metadataApplied();
    });
    this.retryMs = Math.min(this.retryMs * 2, MAX_RETRY_MS);
  }
}
