/** The controller of this very node: its shell, its duties by the clock, and the APIs that the broker hands on to it. */
import { Controller } from '../../controller/control/controller';
import { ControllerCore } from '../../controller/control/controller-core';
import { ControllerShell } from '../../controller/control/controller-shell';
import type { QuorumFeatures } from '../../controller/control/features';
import { FailureDetector } from '../../controller/control/failure-detector';
import { PeriodicTasks } from '../../controller/control/periodic-tasks';
import { decodeMetadataRecord } from '../../controller/metadata/records';
import type { NodeIdentity } from '../../controller/raft/format';
import { readBootstrapFile } from '../../controller/raft/bootstrap-files';
import type { Env } from '../../log/env';
import type { BrokerConfig } from '../config/broker-config';
import { BrokerConfigRules } from '../config/controller-rules';
import type { Quorum } from './quorum';

export interface LocalController {
  readonly api: Controller;
  /** The node is about to be stopped in order. */
  leaving(): void;
  stop(): void;
}

export interface LocalControllerParts {
  readonly env: Env;
  readonly config: BrokerConfig;
  readonly identity: NodeIdentity;
  readonly quorum: Quorum;
  /** Of the broker in this process; null while it runs none. */
  readonly ownIncarnationId: string | null;
  readonly fatal: (why: string, error: unknown) => void;
  /** This node has begun, or ceased, to be the active controller. */
  readonly activityChanged: () => void;
}

/** Registers the controller with the quorum; it serves once this node leads it. */
export function openController(parts: LocalControllerParts): LocalController {
  const { env, config, identity, quorum, ownIncarnationId, fatal, activityChanged } = parts;
  const { raft } = quorum;
  const { clock, timers } = env;
  const timeouts = {
    sessionMs: config.get('broker.session.timeout.ms'),
    fastSessionMs: config.get('broker.fast.session.timeout.ms'),
  };
  const controllerConfig = {
    nodeId: config.nodeId,
    clusterId: identity.clusterId,
    defaultPartitions: config.get('num.partitions'),
    defaultReplicationFactor: config.get('default.replication.factor'),
    deleteTopicEnable: config.get('delete.topic.enable'),
  };
  const rules = new BrokerConfigRules(config);
  const random = env.random('controller');
  const bootstrap = readBootstrapFile(env.disk, config.metadataLogDir, env.crc32c) ?? [];
  const shell = new ControllerShell(
    {
      raft,
      ownIncarnationId,
      newCore: () => new ControllerCore(controllerConfig, rules, random, timeouts),
      bootstrap: bootstrap.map(decodeMetadataRecord),
      clock,
      timers,
      logger: env.logger.child('controller'),
      fatal,
    },
    (isActive) => {
      tasks.setActive(isActive);
      detector.setActive(isActive);
      activityChanged();
    },
  );
  const tasks = new PeriodicTasks(shell, periodicTasks(config), clock, timers);
  const detector = new FailureDetector({ shell, nodeId: config.nodeId, network: env.network, timers, logger: env.logger.child('failure-detector') });
  raft.register(shell);
  const features = (): QuorumFeatures => ({
    kraftVersion: raft.kraftVersion,
    voterIds: raft.voters?.ids ?? [],
    raiseKraftVersion: (level, validateOnly) => raft.raiseKraftVersion(level, validateOnly),
  });
  const api = new Controller(shell, () => clock.monotonicMs(), features, detector);
  const stop = (): void => {
    tasks.setActive(false);
    detector.setActive(false);
    shell.stop();
  };
  return { api, leaving: () => shell.leaving(), stop };
}

function periodicTasks(config: BrokerConfig): ConstructorParameters<typeof PeriodicTasks>[1] {
  const balances = config.get('auto.leader.rebalance.enable');
  return {
    noOpIntervalMs: config.get('metadata.max.idle.interval.ms'),
    fenceIntervalMs: Math.min(config.get('broker.session.timeout.ms'), config.get('broker.fast.session.timeout.ms')) / 8,
    balanceIntervalMs: balances ? config.get('leader.imbalance.check.interval.seconds') * 1000 : 0,
    uncleanElectionIntervalMs: config.get('unclean.leader.election.interval.ms'),
  };
}
