/**
 * Starts a mirror: every flow of its settings, in this process. Several processes with the same settings share the work.
 *
 * Importable on its own: it knows nothing of a broker, and starts from ports.
 */
import type { EngineEnv } from './copy/engine-parts';
import { DEFAULT_FLOW_TUNING, Flow, type FlowTuning } from './flow/flow';
import { flowEquipment } from './flow/flow-equipment';
import type { MirrorSettings } from './flow/settings';

export interface MirrorOptions {
  readonly copy?: Partial<FlowTuning['copy']>;
  readonly sharing?: Partial<FlowTuning['sharing']>;
  readonly storeIntervalMs?: number;
}

export interface Mirror {
  readonly flows: readonly Flow[];
  /** Stores positions and leaves the groups; nothing is left open afterwards. */
  stop(): Promise<void>;
}

/** Begins at once and goes on by itself, whatever answers and does not: troubles are logged, and counted in the flows. */
export function startMirror(env: EngineEnv, settings: MirrorSettings, options: MirrorOptions = {}): Mirror {
  const tuning: FlowTuning = {
    copy: { ...DEFAULT_FLOW_TUNING.copy, ...options.copy },
    sharing: { ...DEFAULT_FLOW_TUNING.sharing, ...options.sharing },
    storeIntervalMs: options.storeIntervalMs ?? DEFAULT_FLOW_TUNING.storeIntervalMs,
  };
  const flows = settings.flows.map((flow) => new Flow(env, flow, flowEquipment, tuning));
  for (const flow of flows) flow.start();
  return {
    flows,
    stop: async () => {
      await Promise.all(flows.map((flow) => flow.stop()));
    },
  };
}
