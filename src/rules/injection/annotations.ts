/**
 * What a ServiceAccount says about its pods, by the names of its annotations. The first four are those of
 * amazon-eks-pod-identity-webhook (its default `--annotation-prefix`), the others are ours.
 */
export const accountAnnotations = {
  "role-arn": "eks.amazonaws.com/role-arn",
  audience: "eks.amazonaws.com/audience",
  "sts-regional-endpoints": "eks.amazonaws.com/sts-regional-endpoints",
  "token-expiration": "eks.amazonaws.com/token-expiration",
  region: "podtrust.dev/region",
  "session-name": "podtrust.dev/session-name",
  "fs-group": "podtrust.dev/fs-group",
  "token-mode": "podtrust.dev/token-mode",
} as const;

/** What an annotation of a ServiceAccount is about. */
export type AccountAttribute = keyof typeof accountAnnotations;

/** The annotations of a namespace: they hold where the ServiceAccount has none of its own. */
export const namespaceAnnotations = {
  region: accountAnnotations.region,
  "session-name": accountAnnotations["session-name"],
} as const;

/** The annotations of a pod, both of AWS's webhook. */
export const podAnnotations = {
  "token-expiration": accountAnnotations["token-expiration"],
  "skip-containers": "eks.amazonaws.com/skip-containers",
} as const;

/** A pod with a label of this key, whatever its value, is left alone. AWS's webhook has it in its objectSelector. */
export const skipLabel = "eks.amazonaws.com/skip-pod-identity-webhook";

/** Pods that have their credentials from an agent on the node carry it: AWS's webhook labels them so. */
export const agentLabel = { key: "eks.amazonaws.com/pod-identity", value: "enabled" } as const;

/** `profile.podtrust.dev/NAME: ROLE-ARN`: a role more, which clients reach as the profile NAME. */
export const profilePrefix = "profile.podtrust.dev/";

/**
 * `chain.podtrust.dev/NAME: ROLE-ARN`, or `ROLE-ARN EXTERNAL-ID`: a role that the ServiceAccount's own role assumes, as
 * the profile NAME.
 */
export const chainPrefix = "chain.podtrust.dev/";

/** Where injection keeps the AWS config file of a pod, which a downward API volume makes a file of. */
export const configAnnotation = "podtrust.dev/aws-config";
