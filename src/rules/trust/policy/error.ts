import { PodtrustError } from "../../../core/base/index.ts";
import type { PolicyKind } from "../language/document.ts";

/** A policy document that IAM would refuse, with IAM's own words. */
export class PolicyError extends PodtrustError {
  override readonly name = "PolicyError";
  readonly awsCode = "MalformedPolicyDocument";
  /** What IAM answers, letter by letter, with HTTP status 400. */
  readonly awsMessage: string;

  constructor(kind: PolicyKind, awsMessage: string, at: string) {
    super("policy-malformed", `${kind} policy${at === "" ? "" : `, ${at}`}: ${awsMessage}`, {
      detail: { kind, at, awsMessage },
    });
    this.awsMessage = awsMessage;
  }
}
