import type { JsonRecord } from "../../src/core/base/index.ts";

/** What stands around a pod, and what injection for one relying party makes of it. */
export interface PartyCase {
  /** As a namespace may be called. */
  readonly name: string;
  /** Annotations of the pod's ServiceAccount, and of its namespace. */
  readonly serviceAccount: Readonly<Record<string, string>>;
  readonly namespace?: Readonly<Record<string, string>>;
  readonly pod: JsonRecord;
  /** Absent where the pod is left as it is. */
  readonly injected?: JsonRecord;
  /** What the maker of the pod is warned of; nothing by default. */
  readonly warnings?: readonly string[];
}

/** A container of a pod. */
export const containerOf = (more: object = {}): JsonRecord => ({ name: "web", image: "web", ...more });

/** A pod of the ServiceAccount web. */
export const podOf = (metadata: JsonRecord, ...containers: readonly JsonRecord[]): JsonRecord => ({
  metadata,
  spec: { serviceAccountName: "web", containers },
});

/** The same with volumes. */
export const withVolumes = (pod: JsonRecord, ...volumes: readonly JsonRecord[]): JsonRecord => ({
  ...pod,
  spec: { ...(pod["spec"] as JsonRecord), volumes },
});

/** Of a case the objects around its pod, as the API gives them. */
export function aroundOf({ serviceAccount, namespace = {} }: PartyCase): {
  readonly serviceAccount: JsonRecord;
  readonly namespace: JsonRecord;
} {
  return {
    serviceAccount: { metadata: { name: "web", annotations: serviceAccount } },
    namespace: { metadata: { annotations: namespace } },
  };
}

/** The warning about one of a ServiceAccount's that is too long. */
export const tooLongWarning = (key: string): string =>
  `podtrust: InjectionAnnotationInvalid: annotation ${key} of the ServiceAccount is longer than 2048 characters, and not used`;

/** The warning about an annotation. */
export const warningOf = (key: string, of: string, value: string, instead: string): string =>
  `podtrust: InjectionAnnotationInvalid: annotation ${key} of the ${of} is ${JSON.stringify(value)}: ${instead}`;
