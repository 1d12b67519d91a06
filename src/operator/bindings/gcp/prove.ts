import { asPodtrustError, defined } from "../../../core/base/index.ts";
import type { ConditionContent } from "../../../rules/bindings/index.ts";
import type { GoogleBinding, GoogleTrust } from "../../../rules/bindings/gcp/index.ts";
import { finding, type Finding } from "../../../stack/index.ts";
import { requestedToken } from "../service-account.ts";
import { ageOf, foundOf, isProofFresh, passInterval, soon } from "../status.ts";
import type { GooglePass } from "./pass.ts";
import { audienceOf, fromOf, googleFinding } from "./projects.ts";

/**
 * A member counts after about 70 seconds (measured by others); for three minutes a refusal to impersonate says nothing.
 * Milliseconds.
 */
const settles = { within: 180_000, every: 10_000 } as const;

/** What `Ready` says, and when to ask again. */
export interface GoogleReadiness {
  readonly found: ConditionContent;
  readonly isProof: boolean;
  readonly againIn: number;
}

const settling = finding("MemberSettling", {
  seen: "the service account's policy was changed a moment ago, and Google does not let the ServiceAccount in yet",
  from: "Google",
});

/** What Google answers the ServiceAccount now. */
async function answered(
  pass: GooglePass,
  binding: GoogleBinding,
  trust: GoogleTrust,
  changedAt: string | undefined,
): Promise<Finding> {
  const { clients, signal } = pass;
  const { email, namespace, name } = binding;
  const asked = await requestedToken(pass, audienceOf(trust));
  if ("reason" in asked) return asked;
  const from = `${fromOf(trust)}, its token exchange`;
  try {
    const answer = await clients.google.exchange(trust, { jwt: asked.token, ...defined({ email }) }, signal);
    if (answer.outcome === "accepted")
      return finding("GoogleAccepted", {
        seen: `${namespace}/${name} becomes ${email ?? "a principal of the pool"}`,
        from,
      });
    const isYoung = ageOf(pass, Date.parse(changedAt ?? "")) < settles.within;
    if (email !== undefined && answer.code === "PERMISSION_DENIED" && isYoung) return settling;
    return finding("GoogleRefused", { seen: `${answer.code}: ${answer.message}`, from });
  } catch (error) {
    signal.throwIfAborted();
    return googleFinding(asPodtrustError(error), from);
  }
}

/** The last proof while it is fresh, else a new one. */
export async function googleReady(
  pass: GooglePass,
  { binding, trust }: { readonly binding: GoogleBinding; readonly trust: GoogleTrust },
  { changed, changedAt }: { readonly changed: boolean; readonly changedAt: string | undefined },
): Promise<GoogleReadiness> {
  const stood = pass.status.conditions.find(({ type }) => type === "Ready");
  if (stood !== undefined && isProofFresh(pass, changed)) {
    const { type, reason, message } = stood;
    return { found: { type, reason, message }, isProof: false, againIn: passInterval };
  }
  const said = changed ? settling : await answered(pass, binding, trust, changedAt);
  const againIn = said === settling ? settles.every : said.outcome === "ok" ? passInterval : soon;
  return { found: foundOf("Ready", said), isProof: said.reason === "GoogleAccepted", againIn };
}
