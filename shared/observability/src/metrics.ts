import { assert } from "@meshwork/foundation";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** The port through which every part counts and measures. One registry a process. */
export interface Metrics {
  /** Only grows: appears as `meshwork_<name>[_<unit>]_total`. */
  counter<Label extends string = never>(declaration: Declaration<Label>): CounterMetric<Label>;
  /** Goes up and down: `meshwork_<name>[_<unit>]`. */
  gauge<Label extends string = never>(declaration: Declaration<Label>): GaugeMetric<Label>;
  /** A distribution in buckets: `meshwork_<name>[_<unit>]`. */
  histogram<Label extends string = never>(
    declaration: Declaration<Label> & { buckets: readonly number[] },
  ): HistogramMetric<Label>;
  /** All of it in the Prometheus text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

export interface Declaration<Label extends string> {
  /** snake_case, without prefix, unit and `_total`: those are added here, so that they never differ. */
  name: string;
  /** One sentence for the operator who reads it in the night. */
  help: string;
  /** Prometheus' base units only. @default none: the metric counts things */
  unit?: "seconds" | "bytes" | "ratio";
  /** Each must have few values: a label that a stranger can choose fills the memory. @default none */
  labels?: readonly Label[];
}

type Labels<Label extends string> = [Label] extends [never]
  ? []
  : [labels: Readonly<Record<Label, string>>];

export interface CounterMetric<Label extends string = never> {
  add(amount: number, ...labels: Labels<Label>): void;
}
export interface GaugeMetric<Label extends string = never> {
  set(value: number, ...labels: Labels<Label>): void;
}
export interface HistogramMetric<Label extends string = never> {
  observe(value: number, ...labels: Labels<Label>): void;
}

/** @param options.processMetrics CPU, memory, event-loop lag and garbage collection. @default true */
export function createMetrics(options: { processMetrics?: boolean } = {}): Metrics {
  const registry = new Registry();
  if (options.processMetrics ?? true) collectDefaultMetrics({ register: registry });
  const described = <Label extends string>(declaration: Declaration<Label>, suffix = "") => ({
    name: nameOf(declaration, suffix),
    help: declaration.help,
    labelNames: [...(declaration.labels ?? [])],
    registers: [registry],
  });
  return {
    counter(declaration) {
      const counter = new Counter(described(declaration, "_total"));
      return { add: (amount, ...[labels]) => counter.inc(labels ?? {}, amount) };
    },
    gauge(declaration) {
      const gauge = new Gauge(described(declaration));
      return { set: (value, ...[labels]) => gauge.set(labels ?? {}, value) };
    },
    histogram(declaration) {
      const histogram = new Histogram({
        ...described(declaration),
        buckets: [...declaration.buckets],
      });
      return { observe: (value, ...[labels]) => histogram.observe(labels ?? {}, value) };
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

function nameOf(declaration: Declaration<string>, suffix: string): string {
  const { name, unit } = declaration;
  assert(/^[a-z][a-z0-9_]*$/.test(name), `${name} is not a metric's name: use snake_case`);
  return `meshwork_${name}${unit === undefined ? "" : `_${unit}`}${suffix}`;
}

/** Latency buckets for what happens within one machine up to what a home line needs. */
export const secondsBuckets = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30] as const;
