/**
 * The valid forms of the values of annotations. Each has the same meaning in JavaScript and, by its `source`, in CEL
 * (RE2).
 */
export const patterns = {
  /** AWS's webhook warns of anything else, and still injects it. */
  roleArn: /^arn:aws[a-z0-9-]*:iam::[0-9]{12}:role\/[A-Za-z0-9_/.@+=,-]+$/u,
  /** The role of a chain, and behind a space the external ID that its trust policy asks for (IAM: sts:ExternalId). */
  chainedRole:
    /^arn:aws[a-z0-9-]*:iam::[0-9]{12}:role\/[A-Za-z0-9_/.@+=,-]+(?: [A-Za-z0-9_+=,.@:/-]{2,1000})?$/u,
  /** What Go's ParseInt takes, as far as a number of seconds may be long. */
  integer: /^[+-]?[0-9]{1,18}$/u,
  region: /^[a-z]{2}[a-z0-9-]{0,62}$/u,
  /** RoleSessionName of AssumeRoleWithWebIdentity. */
  sessionName: /^[A-Za-z0-9_+=,.@-]{2,64}$/u,
  fsGroup: /^[0-9]{1,9}$/u,
  tokenMode: /^0?[0-7]{3}$/u,
  /** A record as Go's encoding/csv reads it, in the first line; further lines are not looked at. */
  csv: /^(?:"(?:[^"]|"")*"|[^",\r\n]*)(?:,(?:"(?:[^"]|"")*"|[^",\r\n]*))*(?:\r?\n[\s\S]*)?$/u,
  /** The record of such a text. */
  csvRecord: /^(?:"(?:[^"]|"")*"|[^",\r\n]*)(?:,(?:"(?:[^"]|"")*"|[^",\r\n]*))*/u,
  /** A field of such a record that is not empty. */
  csvField: /"(?:[^"]|"")*"|[^",\r\n]+/u,
} as const;

/** What Go's ParseBool takes for true and false. */
export const trueTexts = ["1", "t", "T", "TRUE", "true", "True"] as const;
export const falseTexts = ["0", "f", "F", "FALSE", "false", "False"] as const;

/** Bounds and defaults. */
export const limits = {
  defaultAudience: "sts.amazonaws.com",
  /** Seconds of a token: the default, and the API server's bounds on a projected one. */
  defaultExpiration: 86_400,
  /** The lower bound of the randomised default for an agent's token, so that not all pods ask at the same time. */
  minSpreadExpiration: 79_200,
  minExpiration: 600,
  maxExpiration: 4_294_967_296,
  /** Characters of RoleSessionName. */
  minSessionName: 2,
  maxSessionName: 64,
  /** Profiles of a ServiceAccount, so that the config file fits into the pod's annotations (256 KiB in all). */
  maxProfiles: 50,
  /**
   * Characters of one value of a ServiceAccount, as long as AWS takes the ARN of a role. A policy writes a value into
   * each container, so that its length times the size of a pod is what injection costs the API server.
   */
  maxValue: 2048,
  /**
   * Characters of what a ConfigMap has of one attribute of all ServiceAccounts: more than a thousand of them. An expression
   * reads all of it for each thing that it asks, and more than once.
   */
  maxList: 131_072,
  /** Profiles of a ServiceAccount in such a text of which each is looked at; of more none is. */
  maxLooked: 1000,
  /** Characters of a pod's list of containers to skip, so that the API server's policy can afford to read it. */
  maxSkipList: 4096,
} as const;

/** In place of a session's name: that of the pod. */
export const podSessionName = "pod";

/** The prefix for a pod's name that is too short for a session's. */
export const shortNamePrefix = "pod-";
