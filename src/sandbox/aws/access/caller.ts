import { createHash } from "node:crypto";
import type { Account } from "../state/account.ts";
import type { Caller, Session } from "../state/records.ts";
import type { KnownAccessKey } from "../sigv4/verify.ts";

/** The name of the one user that the sandbox has: its administrator. */
const adminName = "podtrust-admin";

/** The administrator's unique id, the same for an account after every start. */
function adminId(account: string): string {
  const digits = createHash("sha256").update(`podtrust-admin ${account}`).digest("hex").toUpperCase();
  return `AIDA${digits.slice(0, 17)}`;
}

/** What the account knows of an access key, for verifying a signature. */
export function findKey(account: Account, accessKeyId: string): KnownAccessKey | undefined {
  const key = account.keys.get(accessKeyId);
  if (key !== undefined) return { secret: key.secret, session: undefined };
  const session = account.sessions.get(accessKeyId);
  if (session === undefined) return undefined;
  return { secret: session.secret, session: { token: session.token, expires: session.expires } };
}

function sessionCaller(account: Account, session: Session): Caller {
  const { of: owner, accessKeyId } = session;
  if (owner.kind === "admin") return { ...adminCaller(account, accessKeyId), session };
  return {
    kind: "assumed-role",
    arn: `arn:aws:sts::${account.id}:assumed-role/${owner.roleName}/${owner.sessionName}`,
    userId: `${owner.roleId}:${owner.sessionName}`,
    account: account.id,
    accessKeyId,
    session,
  };
}

function adminCaller(account: Account, accessKeyId: string): Caller {
  return {
    kind: "admin",
    arn: `arn:aws:iam::${account.id}:user/${adminName}`,
    userId: adminId(account.id),
    account: account.id,
    accessKeyId,
  };
}

/** The owner of a key whose signature was valid. */
export function callerOf(account: Account, accessKeyId: string): Caller {
  const session = account.sessions.get(accessKeyId);
  return session === undefined ? adminCaller(account, accessKeyId) : sessionCaller(account, session);
}
