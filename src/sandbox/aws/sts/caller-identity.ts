import { type Action, action } from "../wire/index.ts";

/** GetCallerIdentity: needs no permission, and cannot be denied. */
export const getCallerIdentity: Action = action({
  input: {},
  access: () => [],
  run(_params, { caller }) {
    if (caller === undefined) throw new TypeError("GetCallerIdentity is signed");
    return { Arn: caller.arn, UserId: caller.userId, Account: caller.account };
  },
});
