import process from "node:process";
import type { MetricDefinition, Sample } from "./exposition.ts";

/** What every daemon reports about its own process, under the names that Prometheus's client libraries give. */
export const processMetrics = {
  residentMemory: {
    name: "process_resident_memory_bytes",
    type: "gauge",
    help: "Resident memory of the process.",
    labels: {},
  },
  cpuSeconds: {
    name: "process_cpu_seconds_total",
    type: "counter",
    help: "User and system CPU time of the process.",
    labels: {},
  },
} as const satisfies Record<string, MetricDefinition>;

/** The one sample of a metric without labels. */
export const plainSample = (value: number): readonly Sample[] => [{ labels: {}, value }];

/** The resident memory of this process, in bytes. */
export const residentBytes = (): number => process.memoryUsage.rss();

/** The samples of `processMetrics` at this moment. */
export function processSamples(): Readonly<Record<keyof typeof processMetrics, readonly Sample[]>> {
  const cpu = process.cpuUsage();
  return {
    residentMemory: plainSample(residentBytes()),
    cpuSeconds: plainSample((cpu.user + cpu.system) / 1_000_000),
  };
}
