import { nearest } from "../../../core/base/index.ts";
import { iamProviderKey, readArn, serviceAccountSubject } from "../../../rules/oidc/index.ts";
import {
  admission,
  matchesPattern,
  patternOf,
  type PolicyDocument,
  type PolicyWarning,
  type Statement,
  trustPolicyWarnings,
} from "../../../rules/trust/index.ts";
import { type DoctorFinding, finding } from "../finding.ts";
import { type AccountLook, type ChainFacts, lookedAt, type RoleLook } from "./facts.ts";
import { policyOf } from "./provider.ts";

/** Which ServiceAccounts ask for which role, and its trust policy. */
interface Question {
  readonly facts: ChainFacts;
  readonly account: AccountLook;
  readonly role: RoleLook;
  readonly policy: PolicyDocument;
  readonly subject: string;
  readonly audience: string;
}

function isAdmitted({ facts, account, role, policy, subject, audience }: Question): boolean {
  const { issuer, now } = facts;
  const answer = admission({
    role: {
      arn: role.arn,
      name: role.name,
      id: "",
      account: account.account,
      // How long a session may last is no question of who is let in.
      maxSessionDuration: 3600,
      trustPolicy: policy,
    },
    provider: { arn: account.providerArn, url: iamProviderKey(issuer) },
    claims: { iss: issuer, sub: subject, aud: [audience] },
    sessionName: role.sessionName,
    now: Math.floor(now / 1000),
    context: { "aws:RequestedRegion": account.region },
  });
  return answer.outcome !== "refused";
}

/** The values that statements compare a claim with, by operators whose name begins so. */
function valuesOf(statements: readonly Statement[], claim: string, operator = ""): readonly string[] {
  return statements.flatMap(({ conditions }) =>
    conditions
      .filter((one) => one.key.toLowerCase().endsWith(`:${claim}`) && one.operator.includes(operator))
      .flatMap(({ values }) => values),
  );
}

const shown = (values: readonly string[]): string => values.map((one) => JSON.stringify(one)).join(", ");
const isSubject = (value: string): boolean => value.startsWith("system:serviceaccount:");

const fits = (pattern: string, text: string): boolean => matchesPattern(patternOf(pattern), text);

type Cause = (question: Question, statements: readonly Statement[]) => DoctorFinding | undefined;

const otherAccount: Cause = ({ role, account }, statements) => {
  const named = statements.flatMap(({ principals }) => principals?.Federated ?? []);
  const other = named.find((arn) => readArn(arn).account !== account.account);
  if (other === undefined || named.includes(account.providerArn)) return undefined;
  const seen = `role ${role.name} of account ${account.account} trusts ${other}`;
  return finding("TrustProviderAccount", { seen });
};

const swapped: Cause = ({ role, audience }, statements) => {
  const audiences = valuesOf(statements, "aud");
  const subjects = valuesOf(statements, "sub");
  const wrong = audiences.find(isSubject);
  if (wrong !== undefined)
    return finding("TrustClaimsSwapped", { seen: `role ${role.name} asks :aud for ${shown([wrong])}` });
  if (!subjects.includes(audience)) return undefined;
  return finding("TrustClaimsSwapped", { seen: `role ${role.name} asks :sub for ${shown([audience])}` });
};

const literal: Cause = ({ role, subject }, statements) => {
  const values = valuesOf(statements, "sub", "StringEquals");
  const pattern = values.find((one) => /[*?]/u.test(one) && fits(one, subject));
  if (pattern === undefined) return undefined;
  const seen = `role ${role.name} compares :sub by StringEquals with ${shown([pattern])}, and the subject is ${shown([subject])}`;
  return finding("TrustWildcardLiteral", { seen });
};

const otherAudience: Cause = ({ role, audience }, statements) => {
  const values = valuesOf(statements, "aud");
  if (values.length === 0 || values.includes(audience)) return undefined;
  const seen = `role ${role.name} asks :aud for ${shown(values)}, and the token has ${shown([audience])}`;
  return finding("TrustAudienceDiffers", { seen });
};

const otherCase: Cause = ({ role, subject }, statements) => {
  const values = valuesOf(statements, "sub");
  const same = values.find((one) => one !== subject && one.toLowerCase() === subject.toLowerCase());
  if (same === undefined || values.includes(subject)) return undefined;
  const seen = `role ${role.name} asks :sub for ${shown([same])}, and the subject is ${shown([subject])}`;
  return finding("TrustSubjectCase", { seen });
};

const otherSubject: Cause = ({ role, subject }, statements) => {
  const values = valuesOf(statements, "sub");
  if (values.length === 0 || values.some((one) => fits(one, subject))) return undefined;
  const near = nearest(subject, values);
  const seen = `role ${role.name} asks :sub for ${shown(near === undefined ? values : [near])}, and the subject is ${shown([subject])}`;
  return finding("TrustSubjectDiffers", { seen });
};

/** The narrowest first: what one names, none after it does. */
const causes: readonly Cause[] = [otherAccount, swapped, literal, otherAudience, otherCase, otherSubject];

function causeOf(question: Question): readonly DoctorFinding[] {
  if (isAdmitted(question)) return [];
  const statements = question.policy.statements.filter(({ effect }) => effect === "Allow");
  for (const cause of causes) {
    const found = cause(question, statements);
    if (found !== undefined) return [found];
  }
  // What `status` says of it is all that is known: a Deny, or a condition on something else.
  return [];
}

const wide: ReadonlySet<PolicyWarning["rule"]> = new Set([
  "for-all-values",
  "if-exists",
  "wildcard-subject",
  "no-audience",
  "no-subject",
  "anybody",
] as const);

function tooWide(role: RoleLook, policy: PolicyDocument): readonly DoctorFinding[] {
  const meant = (rule: PolicyWarning["rule"]): boolean => rule === "wildcard-subject" && role.hasPatterns;
  return trustPolicyWarnings(policy)
    .filter(({ rule }) => wide.has(rule) && !meant(rule))
    .slice(0, 1)
    .map(({ statement, message }) =>
      finding("TrustTooWide", { seen: `role ${role.name}, statement ${statement}: ${message}` }),
    );
}

function judgeRole(facts: ChainFacts, account: AccountLook, role: RoleLook): readonly DoctorFinding[] {
  const policy = policyOf(role);
  if (policy === undefined) return [];
  const asked = role.serviceAccounts.flatMap((serviceAccount) => {
    const [namespace = "", name = ""] = serviceAccount.split("/");
    const subject = serviceAccountSubject(namespace, name);
    return account.audiences.map((audience) => ({ facts, account, role, policy, subject, audience }));
  });
  return [...asked.flatMap(causeOf), ...tooWide(role, policy)];
}

/** Which ServiceAccounts the roles refuse and why, and which they let in unintended. */
export function judgeTrust(facts: ChainFacts): readonly DoctorFinding[] {
  return facts.accounts.flatMap((account) =>
    (lookedAt(account.roles) ?? []).flatMap((role) => judgeRole(facts, account, role)),
  );
}
