/** Who is registered: brokers and controllers. Registrations are values; a change replaces one. */
import type {
  BrokerRegistrationChangeRecord,
  RegisterBrokerRecord,
  RegisterControllerRecord,
} from '../../wire/schema/metadata-records';
import type { RecordedDelta } from './recorded-delta';
import { featureRanges, type BrokerRegistration, type ControllerRegistration } from './registrations';
import { ReplayError } from './replay-error';

export class ClusterImage {
  readonly brokers = new Map<number, BrokerRegistration>();
  readonly controllers = new Map<number, ControllerRegistration>();

  registerBroker(record: RegisterBrokerRecord, delta: RecordedDelta | null): void {
    delta?.noteBroker(record.brokerId, this.brokers.get(record.brokerId) ?? null);
    this.brokers.set(record.brokerId, {
      id: record.brokerId,
      epoch: record.brokerEpoch,
      incarnationId: record.incarnationId,
      listeners: record.endPoints.map(({ name, host, port, securityProtocol }) => ({
        name,
        host,
        port,
        securityProtocol,
      })),
      features: featureRanges(record.features),
      rack: record.rack,
      fenced: record.fenced,
      inControlledShutdown: record.inControlledShutdown,
      isMigratingZkBroker: record.isMigratingZkBroker,
      directories: record.logDirs,
      cordonedDirectories: record.cordonedLogDirs,
    });
  }

  unregisterBroker(brokerId: number, brokerEpoch: number, delta: RecordedDelta | null): void {
    const previous = this.current(brokerId, brokerEpoch, 'UnregisterBrokerRecord');
    delta?.noteBroker(brokerId, previous);
    this.brokers.delete(brokerId);
  }

  setFenced(brokerId: number, brokerEpoch: number, fenced: boolean, delta: RecordedDelta | null): void {
    const previous = this.current(brokerId, brokerEpoch, fenced ? 'FenceBrokerRecord' : 'UnfenceBrokerRecord');
    this.replace({ ...previous, fenced }, previous, delta);
  }

  changeBroker(record: BrokerRegistrationChangeRecord, delta: RecordedDelta | null): void {
    const previous = this.current(record.brokerId, record.brokerEpoch, 'BrokerRegistrationChangeRecord');
    this.replace(
      {
        ...previous,
        fenced: flag(record.fenced, previous.fenced, 'fenced'),
        inControlledShutdown: flag(record.inControlledShutdown, previous.inControlledShutdown, 'inControlledShutdown'),
        directories: record.logDirs.length > 0 ? record.logDirs : previous.directories,
        cordonedDirectories: record.cordonedLogDirs ?? previous.cordonedDirectories,
      },
      previous,
      delta,
    );
  }

  registerController(record: RegisterControllerRecord, delta: RecordedDelta | null): void {
    delta?.noteController(record.controllerId);
    this.controllers.set(record.controllerId, {
      id: record.controllerId,
      incarnationId: record.incarnationId,
      zkMigrationReady: record.zkMigrationReady,
      listeners: record.endPoints.map(({ name, host, port, securityProtocol }) => ({
        name,
        host,
        port,
        securityProtocol,
      })),
      features: featureRanges(record.features),
    });
  }

  private current(brokerId: number, brokerEpoch: number, what: string): BrokerRegistration {
    const registration = this.brokers.get(brokerId);
    if (registration === undefined) throw new ReplayError(`${what} for broker ${brokerId}, which is not registered`);
    if (registration.epoch !== brokerEpoch) {
      throw new ReplayError(
        `${what} for broker ${brokerId} of epoch ${brokerEpoch}, which is registered with ${registration.epoch}`,
      );
    }
    return registration;
  }

  private replace(next: BrokerRegistration, previous: BrokerRegistration, delta: RecordedDelta | null): void {
    delta?.noteBroker(next.id, previous);
    this.brokers.set(next.id, next);
  }
}

/** 1 sets, -1 clears, 0 leaves. */
function flag(change: number, present: boolean, field: string): boolean {
  if (change === 0) return present;
  if (change !== 1 && change !== -1) throw new ReplayError(`BrokerRegistrationChangeRecord with ${field} = ${change}`);
  return change === 1;
}
