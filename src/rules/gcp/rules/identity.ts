import { accepted, refusedWith, shown, type VendorAnswer } from "../../judge/index.ts";
import { CelError, type CelValue, celResult, celValue, typeName } from "../cel/index.ts";
import { relyingParties } from "../../oidc/index.ts";
import type { GoogleProvider, Mapped } from "../facts.ts";
import type { MappedIdentity } from "../names.ts";
import { exchangeRule } from "../rule.ts";
import { sources } from "../sources.ts";

/** The value of each expression of the mapping, or why it has none. */
function mappedBy({ attributeMapping }: GoogleProvider, assertion: CelValue): Mapped {
  return Object.fromEntries(
    Object.entries(attributeMapping).map(([name, text]) => [name, celResult(text, { assertion })] as const),
  );
}

/** The values whose names begin so, without it, as a condition sees them. */
function named(mapped: Mapped, prefix: string): CelValue {
  const map = Object.create(null) as Record<string, CelValue>;
  for (const [name, value] of Object.entries(mapped))
    if (name.startsWith(prefix) && !(value instanceof CelError)) map[name.slice(prefix.length)] = value;
  return map;
}

const conditionFalse: VendorAnswer = {
  when: "the provider's condition is false for the token, or has no value",
  code: "unauthorized_client",
  status: 400,
  text: "The given credential is rejected by the attribute condition.",
  evidence: "observed",
};

const condition = exchangeRule({
  name: "attribute-condition",
  title: "The provider's condition is true for the token.",
  sources: [sources.provider, sources.measured],
  evidence: "observed",
  note: "It is asked before the mapping: a token without sub was rejected by a condition on sub. That a condition without a value rejects is inferred.",
  answers: [conditionFalse],
  needs: ["jws", "provider"],
  check(_facts, { jws, provider }) {
    const { attributeCondition } = provider;
    const assertion = celValue(jws.claims);
    const mapped = mappedBy(provider, assertion);
    if (attributeCondition === undefined || attributeCondition === "")
      return accepted("there is no condition", { mapped });
    const value = celResult(attributeCondition, {
      assertion,
      google: named(mapped, "google."),
      attribute: named(mapped, "attribute."),
    });
    if (value === true) return accepted(`${shown(attributeCondition)} is true`, { mapped });
    const what =
      value instanceof CelError
        ? `has no value: ${value.message}`
        : value === false
          ? "is false"
          : `is of type ${typeName(value)}`;
    const words = {
      why: `the condition ${shown(attributeCondition)} ${what}`,
      next: "Compare the condition with the token's claims, which podtrust token shows.",
    };
    return refusedWith(conditionFalse, words, { mapped });
  },
});

const noSubject: VendorAnswer = {
  when: "google.subject comes to nothing for the token",
  code: "unauthorized_client",
  status: 400,
  text: "Could not obtain a value for <name> from the given credential.",
  evidence: "observed",
};

const isText = (value: CelValue | CelError | undefined): value is string =>
  typeof value === "string" && value !== "";

/** The identity that a mapping makes, or the name that has no value, and why. */
function identityOf(mapped: Mapped): MappedIdentity | { readonly name: string; readonly why: string } {
  const attributes: (readonly [name: string, value: string])[] = [];
  const subject = mapped["google.subject"];
  const groups = mapped["google.groups"] ?? [];
  const problem = (name: string, value: CelValue | CelError | undefined) => ({
    name,
    why: value instanceof CelError ? value.message : `it is of type ${typeName(value ?? null)}`,
  });
  if (!isText(subject)) return problem("google.subject", subject);
  if (groups instanceof CelError || !Array.isArray(groups) || !groups.every(isText))
    return problem("google.groups", groups);
  for (const [name, value] of Object.entries(mapped)) {
    if (!name.startsWith("attribute.")) continue;
    if (!isText(value)) return problem(name, value);
    attributes.push([name.slice("attribute.".length), value]);
  }
  return { subject, groups, attributes: Object.fromEntries(attributes) };
}

const mapping = exchangeRule({
  name: "attribute-mapping",
  title: "Each expression of the mapping has a value for the token, google.subject above all.",
  sources: [sources.provider, sources.reports],
  evidence: "reported",
  note: "The text is known for google.subject alone; that it is the same for the others is inferred.",
  answers: [noSubject],
  needs: ["mapped"],
  check(_facts, { mapped }) {
    const identity = identityOf(mapped);
    if ("subject" in identity) return accepted(`google.subject is ${shown(identity.subject)}`, { identity });
    const { name, why } = identity;
    return refusedWith(noSubject, {
      why: `${name} has no value: ${why}`,
      next: `Map ${name} by a claim that each token has, or guard it: has(assertion.x) ? assertion.x : 'none'.`,
      values: { name },
    });
  },
});

/** Bytes that google.subject may have. */
const { maxSubjectBytes } = relyingParties.gcp;
/** Bytes of all mapped values together. */
const maxMappedBytes = 8192;

const subjectTooLong: VendorAnswer = {
  when: "google.subject has more than 127 bytes",
  code: "invalid_request",
  status: 400,
  text: "The size of mapped attribute google.subject exceeds the 127 bytes limit. Either modify your attribute mapping or the incoming assertion to produce a mapped attribute that is less than 127 bytes.",
  evidence: "documented",
};

const tooMuch: VendorAnswer = {
  when: "all mapped values together have more than 8 KB",
  code: "invalid_request",
  status: 400,
  text: "The size of the mapped attributes exceeds the 8 KB limit.",
  evidence: "inferred",
};

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

const sizes = exchangeRule({
  name: "mapped-sizes",
  title: "google.subject has at most 127 bytes, and all mapped values together at most 8 KB.",
  sources: [sources.provider, sources.troubleshooting],
  evidence: "documented",
  note: "system:serviceaccount: and the second colon take 23 of the 127, so namespace and name have 104. Both limits are documented; the second one's text is ours.",
  answers: [subjectTooLong, tooMuch],
  needs: ["identity"],
  check(_facts, { identity: { subject, groups, attributes } }) {
    const length = bytesOf(subject);
    const all = [subject, ...groups, ...Object.values(attributes)].reduce(
      (sum, one) => sum + bytesOf(one),
      0,
    );
    if (length > maxSubjectBytes)
      return refusedWith(subjectTooLong, {
        why: `google.subject has ${length} bytes: ${shown(subject)}`,
        next: "Give the ServiceAccount or its namespace a shorter name, or map google.subject by something shorter.",
      });
    if (all > maxMappedBytes)
      return refusedWith(tooMuch, { why: `the mapped values have ${all} bytes`, next: "Map fewer claims." });
    return accepted(`google.subject has ${length} of ${maxSubjectBytes} bytes`);
  },
});

/** Who the token is, once its claims are mapped. */
export const identityRules = [condition, mapping, sizes];
