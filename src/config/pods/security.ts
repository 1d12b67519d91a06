import { z } from "zod";

/**
 * As whom a pod's processes run (core/v1 PodSecurityContext), without what podtrust sets itself. Null leaves a number to the
 * cluster: OpenShift gives each namespace a range of its own, and refuses others.
 */
export interface PodSecurity {
  readonly runAsUser?: number | null;
  readonly runAsGroup?: number | null;
  readonly fsGroup?: number | null;
  readonly [more: string]: unknown;
}

/** The image's user. */
export const defaultPodSecurity: PodSecurity = { runAsUser: 65_532, runAsGroup: 65_532, fsGroup: 65_532 };

// Kubernetes takes 0 to 2^31 - 1 (k8s.io/apimachinery/pkg/util/validation, IsValidUserID).
const id = z
  .int("podtrust's pods never run as root: give a number from 1 to 2147483647")
  .min(1, "podtrust's pods never run as root: give a number from 1")
  .max(2_147_483_647);
const idOrNone = id.nullable();

/** What podtrust sets itself: it may be repeated, and not be changed. */
const fixed = {
  runAsNonRoot: z.literal(true, "podtrust's pods never run as root"),
  seccompProfile: z.strictObject({
    type: z.literal("RuntimeDefault", "podtrust's pods keep the runtime's filter of system calls"),
  }),
};

const seLinuxOptions = z.strictObject(
  { level: z.string().regex(/^s[\w:.,-]{1,64}$/u) },
  { error: "only level is accepted: another user, role or type can be one with more rights" },
);

/** The schema of a pod's security context. */
export const podSecurity = z
  .strictObject({
    ...fixed,
    runAsUser: idOrNone,
    runAsGroup: idOrNone,
    fsGroup: idOrNone,
    supplementalGroups: z.array(id).max(32),
    fsGroupChangePolicy: z.enum(["OnRootMismatch", "Always"]),
    seLinuxOptions,
  })
  .partial()
  .meta({
    description:
      "As whom the pods run. Null leaves runAsUser, runAsGroup or fsGroup to the cluster, as OpenShift's ranges need it. Root, and another seccompProfile than RuntimeDefault, are refused: a fault in podtrust would then reach further.",
  });

const none = (what: string) => z.literal(false, `podtrust's containers are never ${what}`);

/** The schema of a container's security context. */
export const containerSecurity = z
  .strictObject({
    ...fixed,
    runAsUser: id,
    runAsGroup: id,
    seLinuxOptions,
    privileged: none("privileged"),
    allowPrivilegeEscalation: none("allowed to gain rights"),
    readOnlyRootFilesystem: z.literal(true, "podtrust's containers write to memory alone"),
    capabilities: z.strictObject(
      { drop: z.array(z.literal("ALL")).length(1) },
      { error: "only drop: [ALL] is accepted: podtrust needs no capability of the kernel" },
    ),
  })
  .partial()
  .meta({
    description:
      "The same of the container. It has no capability, a root that is only read, and gains no rights: that can be repeated here, and not be changed, since whoever takes the container over would have what is added.",
  });
