/**
 * Requests to a group's coordinator, which is looked up again when it has moved or is gone. Each is tried once.
 *
 * It has connections of its own: a JoinGroup keeps the requests behind it waiting.
 */
import type { ApiName } from '../../wire/api-keys';
import { ErrorCode } from '../../wire/base/error-codes';
import type { AskOptions, RequestFor } from '../../wire/broker-link';
import { ExchangeError } from '../../wire/client-connection';
import type { ClusterClient } from '../../wire/cluster-client';
import type { ResponseOf } from '../../wire/exchange';

export class GroupClient {
  private coordinator: number | null = null;

  constructor(
    private readonly client: ClusterClient,
    readonly groupId: string,
  ) {}

  /** Rejects with an ExchangeError or a ServerError. */
  async ask<N extends ApiName>(name: N, request: RequestFor<N>, options: AskOptions = {}): Promise<ResponseOf<N>> {
    this.coordinator ??= await this.client.findCoordinator(this.groupId);
    try {
      return await this.client.ask(this.coordinator, name, request, options);
    } catch (error) {
      if (error instanceof ExchangeError) this.coordinator = null;
      throw error;
    }
  }

  /** An error of the coordinator may say that it is another one by now. */
  noteError(errorCode: number): void {
    if (errorCode === ErrorCode.NOT_COORDINATOR || errorCode === ErrorCode.COORDINATOR_NOT_AVAILABLE) {
      this.coordinator = null;
    }
  }
}
