/** Bugs that the scenario `single-broker` must find. */

import type { Mutant } from '../../harness/mutant';

const scenario = 'single-broker';
const args = ['--seeds', '1500'];

export const brokerMutants: readonly Mutant[] = [
  {
    name: 'ack-before-flush',
    scenario,
    args,
    breaks: 'log.flush.before.ack answers before the flush',
    file: 'src/replication/partition-core.ts',
    find: 'this.flushBeforeAck ? this.log.flushedOffset : this.log.logEndOffset',
    replace: 'this.log.logEndOffset',
  },
  {
    name: 'producer-id-twice',
    scenario,
    args,
    breaks: 'two producers are given the same id',
    file: 'src/producer-ids.ts',
    find: 'producerId: this.nextId++',
    replace: 'producerId: this.nextId',
  },
  {
    name: 'producer-ids-begin-anew',
    scenario,
    args,
    breaks: 'a restarted controller hands out ids that it has handed out before',
    file: 'controller/control/producer-ids.ts',
    find: 'Math.max(0, controls.state.image.nextProducerId)',
    replace: '0',
  },
  {
    name: 'metadata-not-flushed',
    scenario,
    args,
    breaks: 'metadata counts as committed before it is on the platter',
    file: 'controller/raft/partition-raft-log.ts',
    find: 'this.log.flush(done);',
    replace: 'void Promise.resolve().then(() => done(null));',
  },
  {
    name: 'no-deduplication',
    scenario,
    args,
    breaks: 'a retried batch is stored twice (Redpanda #3039)',
    file: 'log/partition-log.ts',
    find: 'if (origin === "client") {',
    replace: 'if (false) {',
  },
  {
    name: 'slice-kept',
    scenario,
    args,
    breaks: 'a response holds slices of the receive window after the callback',
    file: 'wire/exchange.ts',
    find: 'this.#keep(frame) : frame.slice()',
    replace: 'this.#keep(frame) : frame',
  },
  {
    name: 'topic-id-not-durable',
    scenario,
    args,
    breaks: 'records are flushed, the file that says whose they are is not',
    file: 'log/small-file.ts',
    find: 'if (durability === "durable") file.syncSync();',
    replace: '',
  },
  {
    name: 'rename-without-sync',
    scenario,
    breaks: 'small files are renamed into place without an fsync',
    file: 'log/small-file.ts',
    find: 'if (durability === "durable") file.syncSync();',
    replace: '',
    args,
  },
];
