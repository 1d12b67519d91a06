import type { Session, Tag } from "../state/records.ts";
import { AwsError } from "../wire/error.ts";

/** The tags of a new session. */
export interface SessionTags {
  readonly tags: readonly Tag[];
  readonly transitiveTagKeys: readonly string[];
}

function invalid(message: string): AwsError {
  return new AwsError("InvalidParameterValue", message, { rule: "session-tags" });
}

function keySet(keys: readonly string[]): ReadonlySet<string> {
  return new Set(keys.map((key) => key.toLowerCase()));
}

/**
 * The tags of a role's session: the requested ones, and the transitive ones of the calling session, which may not be
 * overridden. Keys are compared without regard to case
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html).
 */
export function sessionTags(asked: SessionTags, calling: Session | undefined): SessionTags {
  const keys = keySet(asked.tags.map(({ key }) => key));
  if (keys.size < asked.tags.length) {
    throw invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
  }
  if (asked.transitiveTagKeys.some((key) => !keys.has(key.toLowerCase()))) {
    throw invalid("The specified transitive tag key must be included in the requested tags.");
  }
  const handedOn = keySet(calling?.transitiveTagKeys ?? []);
  if (asked.tags.some(({ key }) => handedOn.has(key.toLowerCase()))) {
    throw invalid(
      "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
    );
  }
  const inherited = (calling?.tags ?? []).filter(({ key }) => handedOn.has(key.toLowerCase()));
  return {
    tags: [...inherited, ...asked.tags],
    transitiveTagKeys: [...inherited.map(({ key }) => key), ...asked.transitiveTagKeys],
  };
}
