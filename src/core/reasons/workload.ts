import { cause, found, type ReasonEntry } from "./entry.ts";

/** Reasons about ServiceAccounts, pods and tokens. */
export const workloadReasons = {
  NoServiceAccount: found(
    "unseen",
    ["serviceaccount", "injection", "token", "sts"],
    "No role of the config names a ServiceAccount, so that none was tried.",
    "Name one in a role's serviceAccounts.",
  ),
  NamespaceMissing: found(
    "broken",
    ["serviceaccount"],
    "The namespace of a ServiceAccount does not exist.",
    "Make the namespace, then the ServiceAccount.",
  ),
  ServiceAccountMissing: found(
    "broken",
    ["serviceaccount"],
    "A ServiceAccount of the config does not exist.",
    "Make it: kubectl create serviceaccount.",
  ),
  AnnotationConflict: found(
    "warning",
    ["serviceaccount"],
    "The ServiceAccount carries eks.amazonaws.com/role-arn with another role than the config's: AWS's webhook would follow it.",
    "Correct the annotation, then make the pods anew.",
  ),
  NoPods: found(
    "unseen",
    ["injection"],
    "No pod runs as the ServiceAccount now.",
    "Start the workload. If it runs, its pods have another ServiceAccount, most often default: set serviceAccountName in its pod template.",
  ),
  PodsNotServed: found(
    "unseen",
    ["injection"],
    "The cluster serves no pods.",
    "Look at a cluster that runs the workload.",
  ),
  PodNotInjected: found(
    "broken",
    ["injection"],
    "A pod of the ServiceAccount lacks the variables or the token file that it needs for its role.",
    "Give it what it needs: podtrust manifests workload; pods get it when they are made.",
  ),
  PodRoleDiffers: found(
    "broken",
    ["injection"],
    "A pod of the ServiceAccount has AWS_ROLE_ARN with another role than the config's.",
    "Correct the variable, or give the pod what podtrust manifests workload prints; pods get it when they are made.",
  ),
  PodTokenNotMounted: found(
    "broken",
    ["injection"],
    "A pod of the ServiceAccount mounts no projected token where AWS_WEB_IDENTITY_TOKEN_FILE says.",
    "Give it what it needs: podtrust manifests workload; pods get it when they are made.",
  ),
  PodAudienceRefused: found(
    "broken",
    ["injection"],
    "The token of a pod is for an audience that the OIDC provider does not accept.",
    "Set the audience of the projected volume to one of the config's; pods get it when they are made.",
  ),
  PodStaticCredentials: cause(
    found(
      "broken",
      ["injection"],
      "A pod of the ServiceAccount has AWS_ACCESS_KEY_ID, which every AWS SDK takes before the role.",
      "Take AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY out of the pod.",
    ),
    { number: 915, proof: "The names of the container's variables." },
  ),
  PodRegionMissing: found(
    "warning",
    ["injection"],
    "A pod of the ServiceAccount has neither AWS_REGION nor AWS_DEFAULT_REGION, without which most AWS clients do not start.",
    "Give it what it needs: podtrust manifests workload; pods get it when they are made.",
  ),
  PodInjectionStale: found(
    "warning",
    ["injection"],
    "A pod has what its ServiceAccount asked for when it was made, and the annotations ask for something else now.",
    "Make the pod anew, as by kubectl rollout restart.",
  ),
  RoleNotAnnotated: found(
    "unseen",
    ["injection"],
    "The ServiceAccount has no annotation eks.amazonaws.com/role-arn, so that its pods are given nothing.",
    "Annotate the ServiceAccount with the role's ARN, if its pods should have one.",
  ),
  InjectionSkipped: found(
    "unseen",
    ["injection"],
    "The pod says that it wants nothing injected: by the label eks.amazonaws.com/skip-pod-identity-webhook, or for all its containers by the annotation eks.amazonaws.com/skip-containers.",
    "Remove the label or the annotation, if the pod should have the role.",
  ),
  InjectionAnnotationInvalid: found(
    "warning",
    ["injection"],
    "An annotation for injection has a value that cannot be used; injection continues as if it were absent.",
    "Correct the annotation that the message names, then make the pods anew.",
  ),
  InjectionDead: found(
    "broken",
    ["injection"],
    "A pod made for trial came back without its token: new pods get none either.",
    "Look at what injects: its policy or webhook, whether it matches the namespace, and the API server's log.",
  ),
  ClockSkew: cause(
    found(
      "broken",
      ["token"],
      "The cluster's clock and this machine's differ by more than the 300 seconds that AWS allows.",
      "Set the clock that is wrong (timedatectl set-ntp true).",
    ),
    { number: 887, proof: "iat of a token minted now against the clock of this machine." },
  ),
  SignatureMismatch: found(
    "broken",
    ["token"],
    "A token's signature does not fit the published key of its kid.",
    "Publish the key that the cluster signs with, under its own kid.",
  ),
  TokenRequestFailed: found(
    "broken",
    ["token"],
    "The cluster mints no token for the ServiceAccount.",
    "Read the cluster's answer in the message.",
  ),
  StsRefused: found(
    "broken",
    ["sts"],
    "STS refuses a token of a ServiceAccount for its role.",
    "See by which rule, with podtrust explain.",
  ),
} as const satisfies Record<string, ReasonEntry>;
