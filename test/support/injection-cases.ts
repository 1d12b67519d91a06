import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import type { JsonRecord } from "../../src/base/index.ts";

/** A case of injection: a pod, what stands around it, and what becomes of it. */
export interface InjectionCase {
  /** Of its file. */
  readonly name: string;
  /** What it shows, as a sentence. */
  readonly promise: string;
  /** `aws`: amazon-eks-pod-identity-webhook does the very same. */
  readonly contract?: "aws";
  /** Annotations. */
  readonly serviceAccount: Readonly<Record<string, string>>;
  readonly namespace?: Readonly<Record<string, string>>;
  readonly pod: JsonRecord;
  readonly injected?: JsonRecord;
  /** In place of `injected`: the reason. */
  readonly untouched?: string;
  /** What is said of annotations, each a sentence. */
  readonly notes?: readonly string[];
}

const folder = fileURLToPath(new URL("../injection/cases/", import.meta.url));

/** All cases, by name. */
export const injectionCases: readonly InjectionCase[] = globSync("*.yaml", { cwd: folder })
  .sort()
  .map((file) => ({
    name: basename(file, ".yaml"),
    ...(parse(readFileSync(folder + file, "utf8")) as Omit<InjectionCase, "name">),
  }));

/** What the case says becomes of its pod. */
export function expectedPod({ pod, injected }: InjectionCase): JsonRecord {
  return injected ?? pod;
}
