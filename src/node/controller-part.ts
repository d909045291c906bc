/** The role controller of a node: what its listeners serve, and its registration with the cluster. */
import type { MetadataImage } from '../../controller/metadata/image';
import type { NodeIdentity } from '../../controller/raft/format';
import type { Env } from '../../log/env';
import { randomUuid } from '../../wire/base/uuid';
import type { BrokerConfig } from '../config/broker-config';
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
  readonly env: Env;
  readonly config: BrokerConfig;
  readonly identity: NodeIdentity;
  readonly quorum: Quorum;
  readonly controller: LocalController;
  readonly listeners: ControllerListeners;
  readonly channels: ControllerChannels;
}

export class ControllerPart {
  private readonly registration: ControllerRegistration;

  constructor(private readonly parts: ControllerParts) {
    const { env, config, identity, quorum, controller, listeners, channels } = parts;
    const { loader, raft } = quorum;
    const image = (): MetadataImage | null => (loader.isCaughtUp ? loader.image : null);
    listeners.serve({
      env,
      config,
      nodeId: config.nodeId,
      clusterId: identity.clusterId,
      raft,
      controller: controller.api,
      image,
    });
    this.registration = new ControllerRegistration({
      channel: channels.registration,
      timers: env.timers,
      logger: env.logger.child('controller-registration'),
      request: {
        controllerId: config.nodeId,
        incarnationId: randomUuid(env.random('controller-incarnation')),
        zkMigrationReady: false,
        listeners: listeners.bound.map(registeredListener),
        features: registeredFeatures(),
      },
      image,
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

  /** The listeners go last: others may still need this voter while it leaves. */
  async stop(isClean: boolean): Promise<void> {
    this.registration.stop();
    this.parts.controller.stop();
    await this.parts.listeners.stop(isClean ? SOCKET_GRACE_MS : 0);
  }
}
