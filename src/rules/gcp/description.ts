import {
  defined,
  isRecord,
  type JsonRecord,
  mapped,
  PodtrustError,
  recordOf,
  recordsOf,
  textOf,
} from "../../core/base/index.ts";
import { type Description, requiredText, textList, textMap } from "../judge/index.ts";
import type { ExchangeFacts, GoogleProvider, ResourceState } from "./facts.ts";
import { parseProviderName, providerAudience, type ProviderName } from "./names.ts";

/** What gcloud describes of a provider, its pool and a service account. */
export interface DescribedTarget {
  readonly name: ProviderName;
  readonly target: NonNullable<ExchangeFacts["target"]>;
  /** Members of the service account's policy with a role that makes access tokens; absent where no policy is there. */
  readonly tokenCreators?: readonly string[];
}

function stateOf(record: JsonRecord): ResourceState {
  return {
    state: record["state"] === "DELETED" ? "DELETED" : "ACTIVE",
    disabled: record["disabled"] === true,
  };
}

function providerOf(record: JsonRecord): GoogleProvider {
  const of = "the provider";
  const oidc = recordOf(record["oidc"]);
  const { attributeCondition } = record;
  const { jwksJson } = oidc;
  return {
    ...stateOf(record),
    issuerUri: requiredText(oidc, "issuerUri", `oidc of ${of}`),
    allowedAudiences: textList(oidc, "allowedAudiences", `oidc of ${of}`),
    attributeMapping: textMap(record, "attributeMapping", of),
    ...defined({ attributeCondition: textOf(attributeCondition) }),
    ...(typeof jwksJson === "string" && jwksJson !== "" ? { jwksJson } : {}),
  };
}

/** Roles by which a member makes access tokens of a service account. */
const tokenRoles = ["roles/iam.workloadIdentityUser", "roles/iam.serviceAccountTokenCreator"];

function creatorsOf(policy: JsonRecord): readonly string[] {
  const granted = recordsOf(policy["bindings"]).filter(
    // What a condition asks of the call is not known here.
    ({ role, condition }) => tokenRoles.some((one) => one === role) && condition === undefined,
  );
  return granted.flatMap((binding) => textList(binding, "members", "a binding of the policy"));
}

/**
 * Reads what gcloud prints with `--format=json`: a provider (`iam workload-identity-pools providers describe`), its pool
 * (`… describe`; in use where it is not given) and a service account's policy (`iam service-accounts get-iam-policy`), in
 * any order. Throws `description-invalid`.
 */
export function readDescribedTarget(descriptions: readonly Description[]): DescribedTarget {
  const records = descriptions.filter(isRecord);
  const provider = records.find((record) => isRecord(record["oidc"]));
  if (provider === undefined)
    throw new PodtrustError("description-invalid", "none of the files describes an OIDC provider of a pool", {
      next: "Write one: gcloud iam workload-identity-pools providers describe PROVIDER --workload-identity-pool=POOL --location=global --format=json",
    });
  const name = parseProviderName(`//iam.googleapis.com/${requiredText(provider, "name", "the provider")}`);
  if (name === undefined)
    throw new PodtrustError("description-invalid", "the provider's name is no name of a provider");
  const poolName = providerAudience(name).replace(/^\/\/iam\.googleapis\.com\/|\/providers\/[^/]+$/gu, "");
  const pool = records.find((record) => record["name"] === poolName);
  const policy = records.find((record) => Array.isArray(record["bindings"]));
  return {
    name,
    target: { pool: stateOf(pool ?? {}), provider: providerOf(provider) },
    ...defined({ tokenCreators: mapped(policy, creatorsOf) }),
  };
}
