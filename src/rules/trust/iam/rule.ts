import type { Evidence } from "../../judge/index.ts";
import type { PolicyDocument } from "../language/document.ts";
import type { PolicyError } from "../policy/error.ts";
import type { AwsMessage } from "../sts/answer.ts";

/** A rule of IAM about the trust policies that it keeps, as the page of rules shows it. */
export interface IamRule {
  /** Stable: its conformance test is named after it, and decisions name it. */
  readonly name: string;
  readonly title: string;
  readonly sources: readonly string[];
  readonly evidence: Evidence;
  readonly note: string;
  readonly answer: AwsMessage;
  /** IAM's refusal; undefined where it keeps the policy. */
  readonly check: (document: PolicyDocument) => PolicyError | undefined;
}
