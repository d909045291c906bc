/** `moldau features`: the levels that a cluster runs at, told and raised, with the lines of Apache Kafka's kafka-features.sh. (KIP-584) */
import { METADATA_VERSION_FEATURE, metadataVersionName } from '../../controller/metadata/metadata-version';
import { ErrorCode, errorName } from '../../wire/base/error-codes';
import type { ClusterClient } from '../../wire/cluster-client';
import { version } from '../version';
import { FlagError, withCluster } from './client-flags';
import { parseFeature, releaseLevel } from './storage-options';

export interface UpgradeFlags {
  readonly bootstrapServer: string;
  readonly feature?: readonly string[];
  readonly releaseVersion?: string;
  readonly dryRun?: boolean;
}

const TIMEOUT_MS = 30_000;
const UPGRADE = 1;
const CLIENT = { clientSoftwareName: 'moldau', clientSoftwareVersion: version };

export async function describeFeatures({ bootstrapServer }: { readonly bootstrapServer: string }): Promise<void> {
  await withCluster(bootstrapServer, 'moldau-features', async (client) => {
    for (const line of await featureLines(client)) print(line);
  });
}

export async function upgradeFeatures(flags: UpgradeFlags): Promise<void> {
  await withCluster(flags.bootstrapServer, 'moldau-features', async (client) => {
    const levels = levelsOf(flags);
    const featureUpdates = levels.map(([feature, maxVersionLevel]) => ({
      feature,
      maxVersionLevel,
      upgradeType: UPGRADE,
    }));
    const request = { timeoutMs: TIMEOUT_MS, featureUpdates, validateOnly: flags.dryRun === true };
    const response = await client.ask('any', 'UpdateFeatures', request);
    const refused = [response, ...response.results].find(({ errorCode }) => errorCode !== ErrorCode.NONE);
    if (refused !== undefined)
      throw new FlagError(`Nothing was upgraded: ${refused.errorMessage ?? errorName(refused.errorCode)}`);
    const done = flags.dryRun === true ? 'can be upgraded' : 'was upgraded';
    for (const [feature, level] of levels) print(`${feature} ${done} to ${level}.`);
  });
}

/** Throws FlagError or StorageError. */
function levelsOf({ feature = [], releaseVersion }: UpgradeFlags): readonly (readonly [name: string, level: number])[] {
  const levels = feature.map(parseFeature);
  if (releaseVersion !== undefined) levels.push([METADATA_VERSION_FEATURE, releaseLevel(releaseVersion)]);
  if (levels.length === 0) throw new FlagError('Give --feature name=level or --release-version.');
  if (new Set(levels.map(([name]) => name)).size < levels.length) throw new FlagError('A feature is named twice.');
  return levels;
}

async function featureLines(client: ClusterClient): Promise<readonly string[]> {
  const { supportedFeatures, finalizedFeatures, finalizedFeaturesEpoch } = await client.ask(
    'any',
    'ApiVersions',
    CLIENT,
  );
  const finalized = new Map(finalizedFeatures.map(({ name, maxVersionLevel }) => [name, maxVersionLevel]));
  return [...supportedFeatures]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, minVersion, maxVersion }) => {
      const levels = [minVersion, maxVersion, finalized.get(name) ?? 0].map((level) => levelText(name, level));
      const [min, max, level] = levels;
      return `Feature: ${name}\tSupportedMinVersion: ${min}\tSupportedMaxVersion: ${max}\tFinalizedVersionLevel: ${level}\tEpoch: ${finalizedFeaturesEpoch}`;
    });
}

function levelText(feature: string, level: number): string {
  return feature === METADATA_VERSION_FEATURE ? metadataVersionName(level) : String(level);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
