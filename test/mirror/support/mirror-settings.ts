/** Mirrors for tests, from the properties that a user would write. */
import { mirrorSettings } from '../../../mirror/config/mirror-settings';
import { startMirror, type Mirror, type MirrorOptions } from '../../../mirror/mirror';
import type { MirrorSettings } from '../../../mirror/flow/settings';
import type { BaseEnv } from '../../../wire/base/env';
import type { BrokerAddress } from '../../../wire/cluster-client';

export function addressOf({ bootstrap }: { readonly bootstrap: string }): BrokerAddress {
  const [host = '', port = ''] = bootstrap.split(',')[0]!.split(':');
  return { host, port: Number(port) };
}

/** A->B with quick intervals; `extra` comes on top. Throws with the problems of a bad one. */
export function settingsBetween(
  from: string,
  to: string,
  topics: string,
  extra: Readonly<Record<string, string>> = {},
): MirrorSettings {
  const config = mirrorSettings(new Map(Object.entries(propertiesBetween(from, to, topics, extra))));
  if (!config.ok) throw new Error(config.problems.join('\n'));
  return config.settings;
}

export function propertiesBetween(
  from: string,
  to: string,
  topics: string,
  extra: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    clusters: 'A, B',
    'A.bootstrap.servers': from,
    'B.bootstrap.servers': to,
    'A->B.enabled': 'true',
    'A->B.topics': topics,
    'refresh.topics.interval.seconds': '1',
    'replication.factor': '1',
    'offset-syncs.topic.replication.factor': '1',
    'checkpoints.topic.replication.factor': '1',
    'heartbeats.topic.replication.factor': '1',
    'emit.heartbeats.enabled': 'false',
    ...extra,
  };
}

export function mirrorBetween(
  env: BaseEnv,
  from: { readonly bootstrap: string },
  to: { readonly bootstrap: string },
  topics: string,
  extra: Readonly<Record<string, string>> = {},
  options: MirrorOptions = {},
): Mirror {
  const quick: MirrorOptions = {
    storeIntervalMs: 500,
    sharing: { heartbeatMs: 200, sessionTimeoutMs: 6_000 },
    ...options,
  };
  return startMirror(env, settingsBetween(from.bootstrap, to.bootstrap, topics, extra), quick);
}
