export {
  type HttpProbe,
  type HttpProbeOptions,
  type HttpProbeParts,
  type Readiness,
  startHttpProbe,
} from "./http-probe.ts";
export {
  createLog,
  type Log,
  type LogFields,
  type LogLevel,
  type LogOptions,
  logLevels,
  silentLog,
} from "./log.ts";
export {
  type CounterMetric,
  createMetrics,
  type Declaration,
  type GaugeMetric,
  type HistogramMetric,
  type Metrics,
  secondsBuckets,
} from "./metrics.ts";
export { createPulseLog, type Pulse, startPulse } from "./pulse.ts";
