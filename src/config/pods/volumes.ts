import { z } from "zod";

/** Volumes of podtrust's own, by name: their mounts would be covered. */
const ownVolumes: readonly string[] = [
  "config",
  "store-key",
  "aws-iam-token",
  "external-credential-config",
  "azure-identity-token",
];

const open = z.record(z.string(), z.unknown()).optional();

const volumeName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/u)
  .refine((name) => !ownVolumes.includes(name), "podtrust has a volume of this name")
  .meta({ not: { enum: ownVolumes } });

/** What PodSecurity `restricted` takes too: https://kubernetes.io/docs/concepts/security/pod-security-standards/ */
const volume = z.strictObject(
  {
    name: volumeName,
    configMap: open,
    secret: open,
    projected: open,
    downwardAPI: open,
    emptyDir: open,
    csi: open,
    ephemeral: open,
    persistentVolumeClaim: open,
  },
  {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? `${(issue["keys"] as readonly string[]).join(", ")}: refused, since who has a node's files can become the node. Accepted are configMap, secret, projected, downwardAPI, emptyDir, csi, ephemeral and persistentVolumeClaim`
        : undefined,
  },
);

// Without counted repetitions: Helm's expressions (RE2) take a thousand in all.
const segment = "[\\w-][\\w.-]*";

const mount = z.strictObject({
  name: volumeName,
  mountPath: z
    .string()
    .max(1024)
    .regex(
      new RegExp(`^/(?:tmp|(?:mnt|srv|tmp|etc/ssl|etc/pki|var/cache|var/lib)(?:/${segment})+)$`, "u"),
      "only below /mnt, /srv, /tmp, /etc/ssl, /etc/pki, /var/cache and /var/lib: elsewhere it could cover the program, its config or its tokens",
    ),
  subPath: z
    .string()
    .max(1024)
    .regex(new RegExp(`^${segment}(?:/${segment})*$`, "u"))
    .optional(),
  readOnly: z.boolean().optional(),
});

/** The schema of more volumes. */
export const volumes = z.array(volume).max(32).meta({
  description:
    "More volumes of the pods, such as a ConfigMap with a company's CA. hostPath and file systems of the network are refused, since who has a node's files can become the node.",
});

/** The schema of their mounts. */
export const volumeMounts = z.array(mount).max(32).meta({
  description:
    "Where the container has them: below /mnt, /srv, /tmp, /etc/ssl, /etc/pki, /var/cache or /var/lib, so that nothing of the program, its config and its tokens is covered.",
});
