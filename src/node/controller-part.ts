/** The role controller of a node: what its listeners serve, and its registration with the cluster. */
import { randomUuid } from '../../wire/base/uuid';
import type { ControllerServices } from '../controller-services';
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
}

export class ControllerPart {
  private readonly registration: ControllerRegistration;

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
  }

  /** Once there is metadata. */
  register(): void {
    this.registration.start();
    this.parts.quorum.loader.installPublisher({
      name: 'controller registration',
      publish: () => this.registration.metadataApplied(),
    });
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
  }
}
