import { errorText, mapLimit, PodtrustError, until } from "../../core/base/index.ts";
import type { RoleConfig } from "../../config/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { type AwsPart, type AwsPartContext, awsParts, isOwnAccess } from "../parts/index.ts";
import type { AccessEnding } from "./access-ending.ts";

/** The cluster that makes the token, which is signed by the key that a thief has. */
type TokenMaker = Pick<KubernetesApi, "requestToken">;

// IAM is eventually consistent: STS knows a change after 5 to 12 s (observed), and may know it at one of its servers first.
const provedWithinMs = 60_000;
const inARow = 3;
const few = 4;

/** Why STS cannot be said to refuse a token for a role; undefined once it has refused it several times in a row. */
async function stillOpen(
  { clock }: Pick<AwsPartContext, "clock">,
  ask: () => ReturnType<AwsPart["exchange"]>,
  signal: AbortSignal,
): Promise<string | undefined> {
  let times = 0;
  try {
    await until<true>({
      clock,
      withinMs: provedWithinMs,
      delays: [1000],
      signal,
      look: async () => {
        const answer = await ask();
        times = answer.kind === "refused" ? times + 1 : 0;
        // Any other refusal is about the token, and says nothing of the role.
        if (answer.kind === "refused" && answer.code !== "AccessDenied")
          throw new PodtrustError("theft-unproven", `STS refuses it for another reason, ${answer.code}`);
        return times >= inARow ? { is: true } : { waitsFor: "STS accepts it" };
      },
      late: (reason) => new PodtrustError("deadline-exceeded", `after ${provedWithinMs / 1000} s ${reason}`),
    });
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return errorText(error);
  }
}

/** Roles by which an account is proved to be closed: podtrust's own, or where it has none there, all that name a ServiceAccount. */
function provingRoles({ account: { roles } }: AwsPart): readonly RoleConfig[] {
  const own = roles.filter(isOwnAccess);
  return own.length > 0 ? own : roles.filter(({ serviceAccounts }) => serviceAccounts.length > 0);
}

async function provedAt(
  context: AwsPartContext,
  part: AwsPart,
  { role, cluster }: { readonly role: RoleConfig; readonly cluster: TokenMaker },
  signal: AbortSignal,
): Promise<AccessEnding> {
  const { account, audiences } = part.account;
  const at = { party: "aws", place: `account ${account}` } as const;
  const whose =
    role.serviceAccounts.find((one) => isOwnAccess({ serviceAccounts: [one] })) ??
    role.serviceAccounts[0] ??
    "";
  const [namespace = "", name = ""] = whose.split("/");
  const what = `a token of ${whose} for role ${role.name} of ${at.place}`;
  try {
    const asked = { audiences: audiences.slice(0, 1), expirationSeconds: 600 };
    const { token } = await cluster.requestToken(namespace, name, asked, { signal });
    const why = await stillOpen(context, () => part.exchange(role, token, signal), signal);
    if (why === undefined) return { ...at, outcome: "done", text: `STS refuses ${what}` };
    return { ...at, outcome: "open", text: `that it is closed is not proved by ${what}: ${why}` };
  } catch (error) {
    signal.throwIfAborted();
    return {
      ...at,
      outcome: "open",
      text: `that it is closed is not proved, there is not ${what}: ${errorText(error)}`,
    };
  }
}

/**
 * Proves at STS that the accounts of a config are closed, by tokens that their roles let in before. What IAM still spreads is
 * awaited; what cannot be proved is open. Throws only the signal's reason.
 */
export async function proveClosed(
  context: AwsPartContext,
  cluster: TokenMaker,
  signal: AbortSignal,
): Promise<readonly AccessEnding[]> {
  const all = await mapLimit(
    awsParts(context),
    async (part): Promise<readonly AccessEnding[]> => {
      try {
        const roles = provingRoles(part);
        const place = `account ${part.account.account}`;
        const text = `that ${place} is closed is not proved: the config names no role there with a ServiceAccount`;
        if (roles.length === 0) return [{ party: "aws", place, outcome: "open", text }];
        return await mapLimit(roles, (role) => provedAt(context, part, { role, cluster }, signal), few);
      } finally {
        part.close();
      }
    },
    few,
  );
  return all.flat();
}
