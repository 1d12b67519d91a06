import { globSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import type { PlantedFault } from "./loader.ts";

/** A fault and the script of the probe that has to find it. */
export interface ListedFault extends PlantedFault {
  readonly script: string;
  /** The step of hcloud of PyPI's that finds it too. */
  readonly hcloud?: string;
}

interface Entry {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
  readonly step?: string;
  readonly hcloud?: string;
}

/**
 * The faults of YAML files: by script, by the file of src/sandbox/, a list of `rule`, `from`, `to`, `step`, and `hcloud`
 * where a second client finds it.
 */
export function faultsOf(pattern: string): readonly ListedFault[] {
  return globSync(pattern)
    .sort()
    .flatMap((file) => {
      const scripts = parse(readFileSync(file, "utf8")) as Record<string, Record<string, readonly Entry[]>>;
      return Object.entries(scripts).flatMap(([script, files]) =>
        Object.entries(files).flatMap(([path, entries]) =>
          entries.map((entry): ListedFault => ({ step: entry.rule, ...entry, file: path, script })),
        ),
      );
    });
}
