import {
  defined,
  isRecord,
  type JsonRecord,
  PodtrustError,
  recordOf,
  textOf,
} from "../../core/base/index.ts";
import { type Description, textList } from "../judge/index.ts";
import type { JwtRole } from "./facts.ts";

/**
 * A role as the API gives it. Throws `description-invalid`, also for bound claims that are not judged here: patterns, and
 * claims inside others.
 */
export function readJwtRole(role: JsonRecord): JwtRole {
  const bound = recordOf(role["bound_claims"]);
  const names = Object.keys(bound);
  const isPattern = names.length > 0 && (textOf(role["bound_claims_type"]) ?? "string") !== "string";
  if (isPattern || names.some((name) => name.startsWith("/")))
    throw new PodtrustError(
      "description-invalid",
      "the role has bound claims that are patterns, or inside others",
      {
        next: "Bind whole values of claims of the token itself: those are judged.",
      },
    );
  const boundClaims = Object.fromEntries(
    names.map((name) => [
      name,
      typeof bound[name] === "string" ? [bound[name]] : textList(bound, name, "bound_claims"),
    ]),
  );
  return {
    boundAudiences: textList(role, "bound_audiences", "the role"),
    boundSubject: textOf(role["bound_subject"]) ?? "",
    ...(names.length === 0 ? {} : { boundClaims }),
  };
}

/** What bao reads of a mount and a role. */
export interface DescribedLogin {
  readonly role: JwtRole;
  readonly boundIssuer?: string;
}

/**
 * Reads what bao prints with `-format=json`: a role (`read auth/jwt/role/NAME`) and the mount's config (`read
 * auth/jwt/config`; without it iss is compared with nothing). Throws `description-invalid`.
 */
export function readDescribedLogin(descriptions: readonly Description[]): DescribedLogin {
  const data = descriptions.filter(isRecord).map((record) => recordOf(record["data"]));
  const role = data.find((one) => "bound_audiences" in one);
  if (role === undefined)
    throw new PodtrustError("description-invalid", "none of the files is a role of the JWT auth method", {
      next: "Write one: bao read -format=json auth/jwt/role/NAME",
    });
  const boundIssuer = data.map((one) => textOf(one["bound_issuer"])).find((one) => (one ?? "") !== "");
  return {
    role: readJwtRole(role),
    ...defined({ boundIssuer }),
  };
}
