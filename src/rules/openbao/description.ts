import { isRecord, PodtrustError, recordOf, textOf } from "../../core/base/index.ts";
import { type Description, textList } from "../judge/index.ts";
import type { JwtRole } from "./facts.ts";

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
    role: {
      boundAudiences: textList(role, "bound_audiences", "the role"),
      boundSubject: textOf(role["bound_subject"]) ?? "",
    },
    ...(boundIssuer === undefined ? {} : { boundIssuer }),
  };
}
