/** What a pasted token and a pasted trust policy come to, by the rules that `podtrust explain` asks. */
import { asPodtrustError } from "../../src/core/base/index.ts";
import {
  callKeys,
  explainWebIdentity,
  factsOfTrustPolicy,
  parsePolicy,
  parseRoleArn,
  type RoleArn,
  type StsRuleReport,
} from "../../src/rules/trust/index.ts";

/** What a person gave; texts, none of them checked. */
export interface Pasted {
  readonly token: string;
  readonly trustPolicy: string;
  /** The role's ARN; empty: one in the account of the policy's provider. */
  readonly role: string;
  readonly sessionName: string;
  /** The provider's client IDs, with commas or spaces between them. */
  readonly clientIds: string;
  /** Seconds since the epoch. */
  readonly now: number;
}

/** One rule, for a person. */
export interface Line {
  readonly rule: string;
  readonly title: string;
  readonly outcome: "accepted" | "refused" | "not-reached" | "not-checked";
  readonly finding: string;
}

/** The rule that decides, and what AWS would answer. */
export interface Decided {
  readonly rule: string;
  readonly code: string;
  readonly message: string;
  readonly why: string;
  readonly next: string;
}

export type Judgement =
  /** What was pasted cannot be asked about. */
  | { readonly kind: "unreadable"; readonly problem: string; readonly next: string }
  /** `decided`: undefined where no rule refuses of those that were asked. */
  | { readonly kind: "judged"; readonly decided: Decided | undefined; readonly lines: readonly Line[] };

/** Rules about what the issuer serves, which a page without the network does not have. */
const notChecked: Readonly<Record<string, string>> = {
  "issuer-certificate": "Not checked here: the thumbprint and the issuer's certificate.",
  "documents-reachable": "Not checked here: the issuer's documents.",
  "discovery-document": "Not checked here: the discovery document.",
  "jwk-set-document": "Not checked here: the JWKS.",
  "key-count": "Not checked here: the keys of the JWKS.",
  "key-selection": "Not checked here: whether the JWKS has the token's kid.",
  "key-operations-absent": "Not checked here: the key.",
  signature: "Not checked here: the signature.",
};

const arnForm = /^arn:[\w-]+:iam::(\d{12}):oidc-provider\//u;

/** The role that was named, or one in the account of the first provider that the policy names. */
function roleOf({ role, trustPolicy }: Pasted): RoleArn | undefined {
  if (role.trim() !== "") return parseRoleArn(role.trim());
  const providers = parsePolicy(trustPolicy, "trust").statements.flatMap(
    ({ principals }) => principals?.Federated ?? [],
  );
  const [, account = "111122223333"] = providers.map((arn) => arnForm.exec(arn)).find((one) => one) ?? [];
  return parseRoleArn(`arn:aws:iam::${account}:role/role`);
}

function reportsOf(pasted: Pasted, role: RoleArn): readonly StsRuleReport[] {
  const clientIds = pasted.clientIds.split(/[\s,]+/u).filter((one) => one !== "");
  const facts = factsOfTrustPolicy(parsePolicy(pasted.trustPolicy, "trust"), role, clientIds);
  return explainWebIdentity({
    request: {
      roleArn: role.arn,
      roleSessionName: pasted.sessionName,
      webIdentityToken: pasted.token.trim(),
    },
    now: pasted.now,
    ...facts,
    unknownKeys: callKeys,
  });
}

function lineOf({ rule, title, outcome, finding, warnings }: StsRuleReport): Line {
  const words = notChecked[rule];
  if (words !== undefined) return { rule, title, outcome: "not-checked", finding: words };
  return { rule, title, outcome, finding: [finding, ...warnings].join(" ") };
}

/** Asks every rule that can be asked without the issuer's documents; never throws for what was pasted. */
export function judge(pasted: Pasted): Judgement {
  try {
    const role = roleOf(pasted);
    if (role === undefined)
      return {
        kind: "unreadable",
        problem: `${pasted.role} is not the ARN of a role.`,
        next: "Give it as arn:aws:iam::ACCOUNT:role/NAME.",
      };
    const reports = reportsOf(pasted, role);
    const refusal = reports.find(({ outcome }) => outcome === "refused")?.refusal;
    const decided =
      refusal === undefined
        ? undefined
        : {
            rule: refusal.rule,
            code: refusal.code,
            message: refusal.messages["2026"],
            why: refusal.why,
            next: refusal.next,
          };
    return { kind: "judged", decided, lines: reports.map(lineOf) };
  } catch (error) {
    const { message, next } = asPodtrustError(error);
    return { kind: "unreadable", problem: message, next };
  }
}
