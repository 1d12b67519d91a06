import { type JsonRecord, isRecord, recordOf, recordsOf, textOf, textsOf } from "../../core/base/index.ts";
import { markedComment, type Owner, ownershipComment, type StackOwner } from "../../rules/plan/index.ts";
import { invalidAnswer } from "./vendor.ts";

/** What pools and providers have in common. */
export interface GoogleResourceState {
  /** The id within its parent. */
  readonly id: string;
  readonly description: string;
  /** A deleted one keeps its id for about 30 days, and can be undeleted (IAM API, `WorkloadIdentityPool`). */
  readonly state: "ACTIVE" | "DELETED";
  readonly disabled: boolean;
  /** When a deleted one is purged; empty for any other. */
  readonly expires: string;
}

export type PoolState = GoogleResourceState;

/** An OIDC provider of a pool. */
export interface ProviderState extends GoogleResourceState {
  /** Empty for a provider of another kind than OIDC. */
  readonly issuerUri: string;
  readonly allowedAudiences: readonly string[];
  readonly attributeMapping: Readonly<Record<string, string>>;
  readonly attributeCondition: string;
  /** The uploaded JWK Set; empty where Google fetches the issuer's. */
  readonly jwksJson: string;
}

/** One role of a policy, and who has it. */
export interface PolicyBinding {
  readonly role: string;
  readonly members: readonly string[];
  readonly isConditional: boolean;
  /** As it came: what is not ours goes back as it was. */
  readonly raw: JsonRecord;
}

/** A service account's own policy. */
export interface AccountPolicy {
  readonly etag: string;
  readonly bindings: readonly PolicyBinding[];
  readonly raw: JsonRecord;
}

function keptOf(value: unknown, collection: string, what: string): GoogleResourceState {
  if (!isRecord(value)) throw invalidAnswer(what, "an entry is no object");
  const id = new RegExp(`/${collection}/([a-z0-9-]{1,64})$`, "u").exec(textOf(value["name"]) ?? "")?.[1];
  if (id === undefined) throw invalidAnswer(what, "an entry has no name");
  return {
    id,
    description: textOf(value["description"]) ?? "",
    state: value["state"] === "DELETED" ? "DELETED" : "ACTIVE",
    disabled: value["disabled"] === true,
    expires: (textOf(value["expireTime"]) ?? "").slice(0, 40),
  };
}

/** A pool of an answer. Throws `gcp-answer-invalid`. */
export function readPoolShape(value: unknown, what: string): PoolState {
  return keptOf(value, "workloadIdentityPools", what);
}

/** A provider of an answer. Throws `gcp-answer-invalid`. */
export function readProviderShape(value: unknown, what: string): ProviderState {
  const kept = keptOf(value, "providers", what);
  const record = recordOf(value);
  const oidc = recordOf(record["oidc"]);
  const mapping = Object.entries(recordOf(record["attributeMapping"]));
  return {
    ...kept,
    issuerUri: textOf(oidc["issuerUri"]) ?? "",
    allowedAudiences: textsOf(oidc["allowedAudiences"]),
    attributeMapping: Object.fromEntries(
      mapping.filter((one): one is [string, string] => typeof one[1] === "string"),
    ),
    attributeCondition: textOf(record["attributeCondition"]) ?? "",
    jwksJson: textOf(oidc["jwksJson"]) ?? "",
  };
}

/** A policy of an answer. Throws `gcp-answer-invalid` for one without an etag: it could not be written back safely. */
export function readPolicyShape(value: JsonRecord, what: string): AccountPolicy {
  const etag = textOf(value["etag"]) ?? "";
  if (etag === "") throw invalidAnswer(what, "the policy has no etag");
  const bindings = recordsOf(value["bindings"]).map((raw) => ({
    role: textOf(raw["role"]) ?? "",
    members: textsOf(raw["members"]),
    isConditional: raw["condition"] !== undefined,
    raw,
  }));
  return { etag, bindings, raw: value };
}

/** Descriptions of pools and providers: 256 characters at the most (IAM API). */
export const maxDescription = 256;

/** The owner of a thing, as a stack sees it. */
export function ownerOf({ description }: GoogleResourceState, stack: StackOwner): Owner {
  return ownershipComment.ownerOf(description, stack);
}

/** The description that marks a thing as a stack's. Other text beside our mark stays, where there is room for both. */
export function markedDescription(before: string, stack: StackOwner): string {
  return markedComment(before, stack, maxDescription);
}
