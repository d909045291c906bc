/** Bugs that the scenario `mirror` must find. */

import type { Mutant } from '../../harness/mutant';

const scenario = 'mirror';
const args = ['--seeds', '400'];

export const mirrorMutants: readonly Mutant[] = [
  {
    name: 'translation-one-too-far',
    scenario,
    args,
    breaks: 'a translated group offset lies one record behind its place',
    file: 'mirror/translation/offset-runs-core.ts',
    find: 'this.downstream[at] + Math.min(upstream - this.upstream[at], this.lengths[at])',
    replace: 'this.downstream[at] + Math.min(upstream - this.upstream[at], this.lengths[at]) + 1',
  },
  {
    name: 'position-before-ack',
    scenario,
    args,
    breaks: 'a position is stored before the target has acknowledged what lies before it',
    file: 'mirror/copy/copy-engine.ts',
    find: 'const { partition, position, positionEpoch: epoch, lastTargetOffset } = copy;',
    replace: 'const { partition, fetchOffset: position, fetchedEpoch: epoch, lastTargetOffset } = copy;',
  },
  {
    name: 'gap-not-told',
    scenario,
    args,
    breaks: 'records that expired before they were copied are passed over in silence',
    file: 'mirror/copy/source-side.ts',
    find: 'this.parts.events.trouble(copy.partition, { kind: "gap", fromOffset: fetchOffset, toOffset: startOffset });',
    replace: '',
  },
  {
    name: 'cycle-not-detected',
    scenario,
    args,
    breaks: 'what came from a cluster is copied back to it',
    file: 'mirror/naming/topic-rules.ts',
    find: 'if (source === targetAlias) return true;',
    replace: 'if (source === targetAlias) return false;',
  },
  {
    name: 'remade-topic-appended',
    scenario,
    args,
    breaks: 'a topic that was deleted and made again goes on where the old one was',
    file: 'mirror/copy/ordinary-writer.ts',
    find: 'if (stored !== null && stored.sourceTopicId !== sourceTopicId)',
    replace: 'if (stored?.sourceTopicId === "")',
  },
];
