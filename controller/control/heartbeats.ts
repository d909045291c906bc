/** Heartbeats, and the state that a broker enters by them. (KIP-631, KIP-841) */
import { ErrorCode } from '../../wire/base/error-codes';
import type { BrokerHeartbeatRequest, BrokerHeartbeatResponse } from '../../wire/schema/broker';
import { supportsCordonedLogDirs, supportsDirectoryAssignment } from '../metadata/metadata-version';
import type { MetadataRecord } from '../metadata/records';
import type { BrokerRegistration } from '../metadata/registrations';
import {
  checkBrokerEpoch,
  controlledShutdownRecords,
  cordonedDirectoryRecords,
  fenceRecords,
  offlineDirectoryRecords,
  unfenceRecords,
} from './broker-events';
import type { ControlResult } from './control-result';
import type { Controls } from './controls';

export type BrokerControlState = 'fenced' | 'unfenced' | 'controlledShutdown' | 'shutdownNow';

/** `nextWriteOffset`: where the write begins; with its records' number it gives the end of a controlled shutdown. */
export function heartbeat(
  controls: Controls,
  request: BrokerHeartbeatRequest,
  nextWriteOffset: number,
): ControlResult<BrokerHeartbeatResponse> {
  const { heartbeats, registrationOffsets, image } = controls.state;
  const broker = checkBrokerEpoch(controls, request.brokerId, request.brokerEpoch);
  const isCaughtUp = request.currentMetadataOffset >= (registrationOffsets.get(broker.id) ?? Number.POSITIVE_INFINITY);
  const current = currentState(controls, broker);
  const next = nextState(controls, request, broker, current, isCaughtUp);
  const records = current === next ? [] : transitionRecords(controls, broker.id, next);
  heartbeats.touch(broker.id, isFenced(next), request.currentMetadataOffset);
  const level = image.features.metadataVersion;
  if (supportsDirectoryAssignment(level))
    records.push(...offlineDirectoryRecords(controls, broker.id, request.offlineLogDirs));
  if (supportsCordonedLogDirs(level))
    records.push(...cordonedDirectoryRecords(controls, broker.id, request.cordonedLogDirs));
  if (next === 'controlledShutdown') heartbeats.beginShutdown(broker.id, nextWriteOffset + records.length - 1);
  if (next === 'shutdownNow') heartbeats.endSession(broker.id);
  return {
    records,
    response: {
      throttleTimeMs: 0,
      errorCode: ErrorCode.NONE,
      isCaughtUp,
      isFenced: isFenced(next),
      shouldShutDown: next === 'shutdownNow',
    },
  };
}

/** A broker told to stop is fenced too. */
function isFenced(state: BrokerControlState): boolean {
  return state === 'fenced' || state === 'shutdownNow';
}

function currentState(controls: Controls, broker: BrokerRegistration): BrokerControlState {
  if (controls.state.heartbeats.isShuttingDown(broker.id)) return 'controlledShutdown';
  return broker.fenced ? 'fenced' : 'unfenced';
}

function nextState(
  controls: Controls,
  request: BrokerHeartbeatRequest,
  broker: BrokerRegistration,
  current: BrokerControlState,
  isCaughtUp: boolean,
): BrokerControlState {
  const { wantFence, wantShutDown } = request;
  const leadsAny = (): boolean => controls.state.image.topics.partitions.leadsAny(broker.id);
  switch (current) {
    case 'fenced':
      if (wantShutDown) return 'shutdownNow';
      return !wantFence && isCaughtUp ? 'unfenced' : 'fenced';
    case 'unfenced':
      if (wantFence) return wantShutDown ? 'shutdownNow' : 'fenced';
      if (!wantShutDown) return 'unfenced';
      return leadsAny() ? 'controlledShutdown' : 'shutdownNow';
    case 'controlledShutdown': {
      const { heartbeats } = controls.state;
      const othersKnow = heartbeats.shutdownOffset(broker.id) <= heartbeats.lowestActiveOffset();
      return !leadsAny() && othersKnow ? 'shutdownNow' : 'controlledShutdown';
    }
    default:
      return 'shutdownNow';
  }
}

function transitionRecords(controls: Controls, brokerId: number, next: BrokerControlState): MetadataRecord[] {
  switch (next) {
    case 'fenced':
    case 'shutdownNow':
      return fenceRecords(controls, brokerId);
    case 'unfenced':
      return unfenceRecords(controls, brokerId);
    case 'controlledShutdown':
      return controlledShutdownRecords(controls, brokerId);
  }
}
