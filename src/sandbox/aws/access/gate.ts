import { authorize, type MessageProfile } from "../../../rules/trust/index.ts";
import { verifyRequest } from "../sigv4/verify.ts";
import type { Account } from "../state/account.ts";
import type { Caller } from "../state/records.ts";
import { AwsError } from "../wire/error.ts";
import type { Gate } from "../wire/gate.ts";
import type { Need } from "../wire/service.ts";
import { callerOf, findKey } from "./caller.ts";
import { contextOf } from "./context.ts";
import { accessDenied, statementName } from "./denial.ts";
import { policiesOf } from "./policies.ts";
import type { RateLimiter } from "./rate-limit.ts";

// API reference of GetSessionToken: such keys, got without MFA, are good for no operation of IAM.
function adminRule(caller: Caller, need: Need): string {
  if (caller.session === undefined || !need.action.startsWith("iam:")) return "admin-key";
  throw new AwsError("InvalidClientTokenId", "The security token included in the request is invalid", {
    status: 403,
    rule: "session-token-without-mfa",
    why: "keys from GetSessionToken that were got without MFA may not call IAM",
    next: "Sign with the administrator's own keys.",
  });
}

export interface GateOptions {
  readonly account: Account;
  readonly messageProfile: MessageProfile;
  /** By the service's name; unlisted services take any number of calls. */
  readonly rateLimiters: ReadonlyMap<string, RateLimiter>;
}

/** Authenticates and authorizes, by the keys and policies of one account. */
export function accountGate({ account, messageProfile, rateLimiters }: GateOptions): Gate {
  return {
    authenticate(request, service, { now, signedAt }) {
      const claimed = verifyRequest(request, {
        service: service.name,
        protocol: service.protocol,
        now,
        signedAt,
        findKey: (id) => findKey(account, id),
      });
      rateLimiters.get(service.name)?.take(now);
      return { caller: callerOf(account, claimed.accessKeyId), region: claimed.scope.region };
    },
    authorize(call, need) {
      const { caller } = call;
      if (caller === undefined) throw new TypeError("an unsigned call cannot be authorised");
      if (caller.kind === "admin" || caller.session === undefined) return adminRule(caller, need);
      const evaluation = authorize(policiesOf(account, caller.session), {
        action: need.action,
        resource: need.resource,
        context: contextOf(account, caller, call, need),
      });
      if (evaluation.effect !== "allow") throw accessDenied(call, need, evaluation, messageProfile);
      return `allow: ${statementName(evaluation)}`;
    },
  };
}
