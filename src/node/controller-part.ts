/** The role controller of a node: what its listeners serve, and its registration with the cluster. */
import { randomUuid } from '../../wire/base/uuid';
import type { ControllerServices } from '../controller-services';
import { AutoRebalance } from '../rebalance/auto-rebalance';
import type { ControllerChannels } from './controller-channel/channels';
import { ControllerRegistration } from './controller-registration';
import type { ControllerListeners } from './controller-listeners';
import { registeredListener } from './bound-listener';
import { registeredFeatures } from './registered-features';
import type { LocalController } from './local-controller';
import type { Quorum } from './quorum';

/** What clients with answers under way get before their connections end. */
const SOCKET_GRACE_MS = 200;

export interface ControllerParts {
  readonly services: ControllerServices;
  readonly quorum: Quorum;
  readonly controller: LocalController;
  readonly listeners: ControllerListeners;
  readonly channels: ControllerChannels;
  /** The node cannot go on. */
  readonly fatal: (why: string, error: unknown) => void;
}

export class ControllerPart {
  private readonly registration: ControllerRegistration;
  private readonly autoRebalance: AutoRebalance | null;

  constructor(private readonly parts: ControllerParts) {
    const { services, listeners, channels } = parts;
    const { env, nodeId } = services;
    listeners.serve(services);
    this.registration = new ControllerRegistration({
      channel: channels.registration,
      timers: env.timers,
      logger: env.logger.child('controller-registration'),
      request: {
        controllerId: nodeId,
        incarnationId: randomUuid(env.random('controller-incarnation')),
        zkMigrationReady: false,
        listeners: listeners.bound.map(registeredListener),
        features: registeredFeatures(),
      },
      image: services.image,
    });
    this.autoRebalance = services.config.get('auto.rebalance.enable') ? this.openAutoRebalance() : null;
  }

  private openAutoRebalance(): AutoRebalance {
    const { services, fatal } = this.parts;
    const { env, config, controller, image } = services;
    return new AutoRebalance({
      clock: env.clock,
      timers: env.timers,
      network: env.network,
      logger: env.logger.child('auto-rebalance'),
      delayMs: config.get('auto.rebalance.delay.ms'),
      throttle: config.get('auto.rebalance.throttled.rate'),
      listenerName: config.interBrokerListenerName,
      image,
      isActive: () => controller.isActive,
      fatal,
    });
  }

  /** Once there is metadata. */
  register(): void {
    this.registration.start();
    this.parts.quorum.loader.installPublisher({
      name: 'controller registration',
      publish: () => this.registration.metadataApplied(),
    });
    if (this.autoRebalance !== null) this.parts.quorum.loader.installPublisher(this.autoRebalance);
  }

  /** What it does for the whole cluster by itself it leaves to another, before this node stops. */
  leave(): void {
    void this.autoRebalance?.stop();
  }

  /** Before the quorum is left in order. */
  leaving(): void {
    this.parts.controller.leaving();
  }

  /** The listeners go last: others may still need this voter while it leaves. */
  async stop(isClean: boolean): Promise<void> {
    this.registration.stop();
    this.parts.controller.stop();
    await this.parts.listeners.stop(isClean ? SOCKET_GRACE_MS : 0);
    if (this.autoRebalance !== null) await this.autoRebalance.stop();
  }
}
