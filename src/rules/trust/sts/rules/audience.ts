import { shown } from "../../../judge/index.ts";
import { sameText } from "../answer.ts";
import { type StsRule, stsRule } from "../rule.ts";
import { sources } from "../sources.ts";
import { couldNotBeValidated, invalidToken } from "../texts.ts";
import { accepted, refused } from "../verdict.ts";

const oneAudience =
  "Ask for one audience per token: in Kubernetes spec.audiences of TokenRequest, or audience of the projected volume.";

const emptyList = sameText("aud is an empty list", invalidToken, "Claim is not allowed to be empty: aud", {
  evidence: "observed",
});
const noText = sameText("aud is neither a text nor a list of texts", invalidToken, couldNotBeValidated, {
  evidence: "inferred",
});

const form = stsRule({
  name: "audience-form",
  title: "aud is a text or a list of at least one text.",
  sources: [sources.jwt, sources.observed],
  evidence: "observed",
  answers: [emptyList, noText],
  needs: ["claims"],
  check(_facts, { claims: { aud } }) {
    const list: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
    if (list.length === 0)
      return refused(emptyList, { why: "the token's aud is an empty list", next: oneAudience });
    if (list.every((one) => typeof one === "string"))
      return accepted(`aud ${shown(aud)}`, { audiences: list });
    return refused(noText, {
      why: `the token's aud is ${shown(aud)}, not a text or a list of texts`,
      next: oneAudience,
    });
  },
});

const several = sameText(
  "aud has two entries or more, and there is no azp",
  invalidToken,
  "Token audience contains more than one audience while authorized party is not present",
  { evidence: "observed" },
);

const single = stsRule({
  name: "audience-single",
  title: "The token has one audience, or azp says which of them counts.",
  sources: [sources.core, sources.observed],
  evidence: "observed",
  note: "Refused also when every audience is registered. Kubernetes writes no azp, and so its tokens need exactly one audience. With azp, aud itself is not compared with anything.",
  answers: [several],
  needs: ["audiences", "payload"],
  check(_facts, { audiences, payload }) {
    const azp = payload["azp"] ?? undefined;
    if (azp !== undefined) {
      const audience = typeof azp === "string" ? azp : JSON.stringify(azp);
      return accepted(`azp ${shown(azp)} counts as the audience`, { audience }, [
        `AWS looks at azp (${shown(azp)}) and not at aud (${shown(audiences)}); a condition on :oaud sees aud.`,
      ]);
    }
    const [audience, ...others] = audiences as readonly [string, ...string[]];
    if (others.length === 0) return accepted(`one audience, ${shown(audience)}`, { audience });
    return refused(several, {
      why: `the token has ${audiences.length} audiences (${audiences.map(shown).join(", ")}) and no azp`,
      next: oneAudience,
    });
  },
});

/** The rules about aud and azp, before any provider is looked up. */
export const audienceRules: readonly StsRule[] = [form, single];
