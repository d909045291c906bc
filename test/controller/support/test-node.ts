/** A controller node as the broker puts it together, over a disk and a log in memory and a clock that stands still. */
import { ControllerCore } from '../../../controller/control/controller-core';
import { Controller } from '../../../controller/control/controller';
import { ControllerShell } from '../../../controller/control/controller-shell';
import { PeriodicTasks } from '../../../controller/control/periodic-tasks';
import { MetadataLoader } from '../../../controller/metadata/loader';
import { decodeMetadataRecord } from '../../../controller/metadata/records';
import { SnapshotGenerator } from '../../../controller/metadata/snapshot-generator';
import { readBootstrapFile } from '../../../controller/raft/bootstrap-files';
import { METADATA_PARTITION_DIRECTORY, loadOrFormat } from '../../../controller/raft/format';
import { FileElectionStore } from '../../../controller/raft/quorum-state';
import { RaftNode } from '../../../controller/raft/raft-node';
import { SnapshotStore } from '../../../controller/raft/snapshots';
import { MemoryDisk } from './memory-disk';
import { MemoryRaftLog } from './memory-raft-log';
import { CLUSTER_ID, testConfig, testRules } from './test-controls';
import { NO_PEERS, RAFT_TIMES } from './raft-defaults';
import { TestClock, TestLogger, crc32c, testRandom } from './test-ports';

export interface TestNodeOptions {
  readonly nodeId?: number;
  readonly maxBytesBetweenSnapshots?: number;
  readonly retentionBytes?: number;
  readonly noOpIntervalMs?: number;
  readonly autoFlush?: boolean;
}

export class TestNode {
  readonly clock = new TestClock();
  readonly logger = new TestLogger();
  readonly raft: RaftNode;
  readonly loader: MetadataLoader;
  readonly controller: Controller;
  readonly shell: ControllerShell;
  readonly snapshots: SnapshotStore;
  readonly failures: string[] = [];
  private readonly generator: SnapshotGenerator;
  private readonly tasks: PeriodicTasks;

  constructor(
    readonly disk = new MemoryDisk(),
    readonly log = new MemoryRaftLog(),
    options: TestNodeOptions = {},
  ) {
    const nodeId = options.nodeId ?? 1;
    const { clock, logger } = this;
    const random = testRandom(disk.calls + 1);
    const endpoints = [{ name: 'CONTROLLER', host: 'localhost', port: 9093 }];
    const identity = loadOrFormat(
      {
        nodeId,
        logDirs: ['/a'],
        metadataLogDir: '/a',
        clusterId: CLUSTER_ID,
        controllerEndpoints: endpoints,
        otherQuorumHosts: [],
      },
      { disk, random, crc32c, wallMs: clock.wallMs() },
    );
    const directory = `/a/${METADATA_PARTITION_DIRECTORY}`;
    if (options.autoFlush !== false) log.autoFlush = (run) => clock.soon(run);
    this.snapshots = new SnapshotStore(disk, directory, random);
    const fatal = (why: string, error: unknown): void => void this.failures.push(`${why}: ${String(error)}`);
    const self = { id: nodeId, directoryId: identity.metadataDirectoryId };
    const ports = { clock, timers: clock, random, crc32c, logger, fatal };
    this.raft = new RaftNode({
      ...ports,
      config: {
        self,
        ownEntry: { ...self, endpoints, minKraftVersion: 0, maxKraftVersion: 1 },
        ...RAFT_TIMES,
      },
      channel: NO_PEERS,
      log,
      snapshots: this.snapshots,
      electionStore: new FileElectionStore(disk, directory),
      staticVoters: null,
      retention: { maxBytes: options.retentionBytes ?? 100 * 1024 * 1024, maxAgeMs: 7 * 24 * 3600 * 1000 },
    });
    this.loader = new MetadataLoader({ clock, timers: clock, highWatermark: () => this.raft.highWatermark, fatal });
    this.generator = new SnapshotGenerator({
      maxBytesBetweenSnapshots: options.maxBytesBetweenSnapshots ?? 20 * 1024 * 1024,
      maxIntervalMs: 3_600_000,
      clock,
      timers: clock,
      logger,
      createSnapshot: (id, timestampMs) => this.raft.createSnapshot(id, timestampMs),
    });
    this.loader.installPublisher(this.generator);
    this.shell = new ControllerShell(
      {
        raft: this.raft,
        ownIncarnationId: null,
        newCore: () => new ControllerCore({ ...testConfig, nodeId }, testRules, random, { sessionMs: 9000, fastSessionMs: 3000 }),
        bootstrap: (readBootstrapFile(disk, '/a', crc32c) ?? []).map(decodeMetadataRecord),
        ...ports,
      },
      (isActive) => this.tasks.setActive(isActive),
    );
    this.tasks = new PeriodicTasks(
      this.shell,
      {
        noOpIntervalMs: options.noOpIntervalMs ?? 0,
        fenceIntervalMs: 9000 / 8,
        balanceIntervalMs: 300_000,
        uncleanElectionIntervalMs: 300_000,
      },
      clock,
      clock,
    );
    this.controller = new Controller(
      this.shell,
      () => clock.monotonicMs(),
      () => ({ kraftVersion: this.raft.kraftVersion, voterIds: this.raft.voters?.ids ?? [], raiseKraftVersion: () => 'Not in this test.' }),
      { heard: () => undefined },
    );
  }

  start(): this {
    this.raft.register(this.loader);
    this.raft.register(this.shell);
    this.raft.start();
    this.settle();
    return this;
  }

  settle(): void {
    for (let round = 0; round < 10; round++) {
      this.clock.settle();
      this.disk.settle();
    }
  }

  stop(): void {
    this.shell.stop();
    this.raft.stop();
    this.loader.stop();
    this.generator.stop();
  }

  /** Calls an API and waits for its answer. */
  ask<T>(call: (respond: (response: T) => void) => void): T {
    const answers: T[] = [];
    call((response) => answers.push(response));
    this.settle();
    this.clock.advance(30);
    this.settle();
    if (answers.length !== 1) throw new Error(`${answers.length} answers`);
    return answers[0] as T;
  }
}
