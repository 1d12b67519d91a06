import { shown } from "../../../judge/index.ts";
import { sameText } from "../answer.ts";
import { type RoleArn, type StsRule, stsRule } from "../rule.ts";
import { sources } from "../sources.ts";
import { invalidToken } from "../texts.ts";
import { accepted, refused } from "../verdict.ts";

const roleArnForm =
  /^arn:(aws[a-z-]*):iam::(\d{12}):role\/(?:[\u0021-\u002e\u0030-\u007e]+\/)*([\w+=,.@-]{1,64})$/u;

/** Takes a role's ARN apart; undefined for every other text. */
export function parseRoleArn(arn: string): RoleArn | undefined {
  const match = roleArnForm.exec(arn);
  if (match === null) return undefined;
  const [, partition, account, name] = match as unknown as [string, string, string, string];
  return { arn, partition, account, name };
}

const arnInvalid = sameText("RoleArn is not the ARN of a role", "ValidationError", "Request ARN is invalid", {
  evidence: "documented",
});

const roleArn = stsRule({
  name: "role-arn-form",
  title: "RoleArn is the ARN of an IAM role.",
  sources: [sources.irsaErrors],
  evidence: "documented",
  answers: [arnInvalid],
  needs: [],
  check({ request }) {
    const parsed = parseRoleArn(request.roleArn ?? "");
    if (parsed !== undefined)
      return accepted(`role ${parsed.name} of account ${parsed.account}`, { roleArn: parsed });
    return refused(arnInvalid, {
      why: `${shown(request.roleArn)} is not the ARN of a role`,
      next: "Write arn:aws:iam::ACCOUNT:role/NAME with the account's twelve digits; look for spaces, a missing path and a user's or policy's ARN.",
    });
  },
});

const regionOff = sameText(
  "STS is switched off for the account in the region that is asked",
  "RegionDisabledException",
  "STS is not activated in this region for account:<account>. Your account administrator can activate STS in this region using the IAM Console.",
  { evidence: "reported", status: 403 },
);

const region = stsRule({
  name: "region-activated",
  title: "STS is active in the region for the role's account.",
  sources: [sources.api],
  evidence: "documented",
  note: "Where in the order it stands is not known.",
  answers: [regionOff],
  needs: ["roleArn"],
  check(facts, known) {
    const { account } = known.roleArn;
    if (facts.regionDisabled !== true) return accepted("assumed: STS is active in this region");
    return refused(regionOff, {
      why: `account ${account} has STS switched off in this region`,
      next: "Use another region (AWS_REGION), or switch STS on in the account settings of IAM.",
      values: { account },
    });
  },
});

const notAmazon = sameText(
  "ProviderId is www.amazon.com",
  invalidToken,
  "Provided Token is not a Login With Amazon token",
  { evidence: "observed" },
);
const facebookRejects = sameText(
  "ProviderId is graph.facebook.com",
  "IDPRejectedClaim",
  'graph.facebook.com rejected OAuth token with response "Bad signature" and code 190',
  { evidence: "observed", status: 403 },
);
const unknownOAuth = sameText(
  "ProviderId is anything else",
  "AccessDenied",
  "Unrecognized OAuth provider. Do not include a provider parameter when submitting OpenIDConnect ID tokens",
  { evidence: "observed", status: 403 },
);

const providerId = stsRule({
  name: "provider-id-absent",
  title: "ProviderId is not given: OIDC tokens name their issuer themselves.",
  sources: [sources.api, sources.observed],
  evidence: "observed",
  note: "Where in the order it stands is not known.",
  answers: [notAmazon, facebookRejects, unknownOAuth],
  needs: [],
  check({ request }) {
    const given = request.providerId;
    if (given === undefined) return accepted("ProviderId is not given");
    const answer =
      given === "www.amazon.com"
        ? notAmazon
        : given === "graph.facebook.com"
          ? facebookRejects
          : unknownOAuth;
    return refused(answer, {
      why: `ProviderId is ${shown(given)}, which is for OAuth 2.0 access tokens, not for OIDC tokens`,
      next: "Leave ProviderId out.",
    });
  },
});

/** The rules about the request as a whole, before the token is opened. */
export const requestRules: readonly StsRule[] = [roleArn, region, providerId];
