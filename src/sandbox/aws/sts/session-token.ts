import { type ServiceAction, action } from "../wire/service.ts";
import { AwsError } from "../wire/error.ts";
import { integer, text } from "../wire/input.ts";
import { credentials, type SessionStore } from "./session-store.ts";

const twelveHours = 43_200;

/** GetSessionToken: short-lived keys in exchange for the administrator's long-lived ones. */
export function getSessionToken(sessions: SessionStore): ServiceAction {
  return action({
    input: {
      DurationSeconds: integer({ min: 900, max: 129_600 }),
      SerialNumber: text({ min: 9, max: 256 }),
      TokenCode: text({ min: 6, max: 6 }),
    },
    access: () => [],
    run({ DurationSeconds, SerialNumber, TokenCode }, call) {
      if (call.caller?.session !== undefined) {
        throw new AwsError("AccessDenied", "Cannot call GetSessionToken with session credentials", {
          status: 403,
          rule: "long-lived-credentials",
          why: "The call was signed with temporary credentials, which cannot give out others.",
          next: "Call it with the administrator's own keys, or use AssumeRole.",
        });
      }
      refuseMfa(SerialNumber, TokenCode);
      const session = sessions.issue(call.now, {
        duration: DurationSeconds ?? twelveHours,
        of: { kind: "admin" },
        policies: [],
        tags: [],
        transitiveTagKeys: [],
      });
      return { Credentials: credentials(session) };
    },
  });
}

/** The account has no MFA device, so no code is valid. */
export function refuseMfa(serialNumber: string | undefined, tokenCode: string | undefined): void {
  if (serialNumber === undefined && tokenCode === undefined) return;
  throw new AwsError(
    "AccessDenied",
    "MultiFactorAuthentication failed with invalid MFA one time pass code. ",
    {
      status: 403,
      rule: "mfa-device",
      why: "The sandbox knows no MFA devices.",
      next: "Leave SerialNumber and TokenCode away.",
    },
  );
}
