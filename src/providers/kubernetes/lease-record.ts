import { isoTime, type JsonRecord, recordOf } from "../../core/base/index.ts";
import { mapping, text } from "./kubeconfig.ts";
import type { KubernetesObject } from "./object.ts";

/** The content of a Lease object (https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/). */
export interface LeaseRecord {
  /** Undefined where it is not held. */
  readonly holder: string | undefined;
  /** For how long each renewal holds, milliseconds. */
  readonly durationMs: number;
  /** How often it has gone to another holder. */
  readonly transitions: number;
  /** As the API gave it: fields that we do not know stay. */
  readonly object: KubernetesObject;
}

const apiVersion = "coordination.k8s.io/v1";

/** Reads a Lease; a missing or damaged field reads as empty. */
export function readLease(object: KubernetesObject): LeaseRecord {
  const spec = mapping(object, "spec") ?? {};
  const { leaseDurationSeconds: seconds, leaseTransitions: transitions } = spec;
  const holder = text(spec, "holderIdentity");
  return {
    holder: holder === "" ? undefined : holder,
    durationMs: typeof seconds === "number" && seconds > 0 ? seconds * 1000 : 0,
    transitions: typeof transitions === "number" ? transitions : 0,
    object,
  };
}

/** MicroTime of the API: RFC 3339 with exactly six digits of the second. */
export function microTime(now: number): string {
  return isoTime(now).replace("Z", "000Z");
}

/** The new content of a Lease. */
export interface LeaseSpec {
  readonly holder: string;
  readonly durationMs: number;
  /** Milliseconds since the epoch: for people, and so that no two records are the same. No decision uses it. */
  readonly now: number;
}

function specOf(before: LeaseRecord | undefined, spec: LeaseSpec): JsonRecord {
  const stays = before !== undefined && before.holder === spec.holder;
  const taken = before === undefined || stays ? 0 : 1;
  return {
    ...recordOf(before?.object["spec"]),
    holderIdentity: spec.holder,
    leaseDurationSeconds: Math.max(1, Math.ceil(spec.durationMs / 1000)),
    ...(stays ? {} : { acquireTime: microTime(spec.now) }),
    renewTime: microTime(spec.now),
    leaseTransitions: (before?.transitions ?? 0) + taken,
  };
}

/** A Lease that does not exist yet. */
export function newLease(namespace: string, name: string, spec: LeaseSpec): KubernetesObject {
  return { apiVersion, kind: "Lease", metadata: { name, namespace }, spec: specOf(undefined, spec) };
}

/** The Lease renewed or taken over: written over this very record, and no other. */
export function renewedLease(before: LeaseRecord, spec: LeaseSpec): KubernetesObject {
  return { ...before.object, apiVersion, kind: "Lease", spec: specOf(before, spec) };
}

/** The Lease given back: the next candidate may take it at once. */
export function releasedLease(before: LeaseRecord, now: number): KubernetesObject {
  const { holderIdentity: _ours, ...spec } = specOf(before, {
    holder: before.holder ?? "",
    durationMs: 1000,
    now,
  });
  return { ...before.object, apiVersion, kind: "Lease", spec };
}
