/**
 * The controller's listeners. They are bound before anything else, since the quorum is told where it is reached, port 0
 * resolved; what is asked before the node is there finds its connection closed, and asks again.
 */
import type { VoterEndpoint } from '../../controller/raft/voter-set';
import type { Env } from '../../log/env';
import type { InvariantViolation } from '../../wire/base/invariant';
import type { BrokerConfig } from '../config/broker-config';
import { DynamicConfig } from '../config/dynamic-config';
import type { ControllerServices } from '../controller-services';
import { controllerHandlers } from '../handlers/controller/index';
import type { SocketServer } from '../network/listener';
import { boundListener, runningListener, type BoundListener } from './bound-listener';
import { RequestRouter } from './request-router';
import { createSocketServer } from './socket-server';

export class ControllerListeners {
  private services: ControllerServices | null = null;
  readonly sockets: SocketServer;
  readonly bound: BoundListener[] = [];

  private constructor(env: Env, config: BrokerConfig, invariantBroken: (violation: InvariantViolation) => void) {
    const router = new RequestRouter<ControllerServices>(
      (name) => controllerHandlers[name],
      () => this.services,
    );
    const dynamic = new DynamicConfig(config, env.logger.child('controller-config'));
    this.sockets = createSocketServer(env, dynamic, router, invariantBroken);
  }

  /** Binds those that the configuration names; a node without the role has none. Rejects with a BindError. */
  static async bind(
    env: Env,
    config: BrokerConfig,
    invariantBroken: (violation: InvariantViolation) => void,
  ): Promise<ControllerListeners> {
    const listeners = new ControllerListeners(env, config, invariantBroken);
    try {
      for (const one of config.listeners) {
        if (one.isController) listeners.bound.push(await boundListener(listeners.sockets, one));
      }
    } catch (error) {
      await listeners.stop(0);
      throw error;
    }
    return listeners;
  }

  /** Where other nodes reach them; the first of controller.listener.names comes first. */
  get endpoints(): readonly VoterEndpoint[] {
    return this.bound.map(runningListener).map(({ name, advertisedHost, advertisedPort }) => ({
      name,
      host: advertisedHost,
      port: advertisedPort,
    }));
  }

  serve(services: ControllerServices): void {
    this.services = services;
  }

  stop(graceMs: number): Promise<void> {
    return this.sockets.stop(graceMs);
  }
}
