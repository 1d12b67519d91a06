import { type Form, forms, type Forms } from "../errors/index.ts";
import type { ClusterFault, ForgedToken, IssuerFault, StandInClusterOptions, TokenSpec } from "./types.ts";

const { clock, either, finite, flag, logger, members, oneOf, port, text, texts, whole } = forms;

export const algorithm: Form = oneOf(["RS256", "ES256"]);

/** What each option of a stand-in cluster has to be. */
const clusterForms: Forms<StandInClusterOptions> = {
  issuer: text,
  jwksUri: forms.form("a URL", (value) => typeof value === "string" && URL.canParse(value)),
  clock,
  logger,
  port,
  algorithm,
  maxTokenSeconds: whole(1, 2 ** 32),
  anonymousAuth: flag,
};
export const clusterForm: Form = members(clusterForms, ["issuer"]);

/** What TokenRequest looks at itself has no form here. */
const anything: Form = () => undefined;

/** What a token is asked for by. */
export const tokenForm: Form = members<TokenSpec>(
  { namespace: text, name: text, audiences: texts, expirationSeconds: anything },
  ["namespace", "name"],
);

/** Claims or header fields: what JSON can say. */
const sayable: Form = (value, at) => {
  forms.anyObject(value, at);
  forms.form("what JSON can say", isJson)(value, at);
};

function isJson(value: unknown): boolean {
  try {
    JSON.stringify(value);
    return true;
  } catch {
    return false;
  }
}

const forgedMembers: Form = members<ForgedToken>({
  namespace: text,
  name: text,
  audiences: texts,
  issuedAt: finite,
  expirationSeconds: finite,
  signedBy: either(
    (value) => typeof value === "object",
    members<{ readonly kid: string }>({ kid: text }, ["kid"]),
    oneOf(["cluster", "foreign-key"]),
  ),
  claims: sayable,
  header: sayable,
});

/** What a forged token is asked for by. */
export const forgedForm: Form = (value, at) => {
  forgedMembers(value, at);
  const { namespace, name } = value as ForgedToken;
  const isOneAlone = (namespace === undefined) !== (name === undefined);
  forms.form("of a namespace and a name together, or of neither", () => !isOneAlone)(value, at);
};

const issuerFaultWords = {
  slow: true,
  "not-found": true,
  "wrong-issuer": true,
  "key-gone": true,
} satisfies Record<IssuerFault, true>;
/** What an issuer can be asked to do wrong. */
export const issuerFaults: readonly string[] = Object.keys(issuerFaultWords);
export const issuerFaultForm: Form = oneOf(issuerFaults);

const clusterFaults = {
  gone: true,
  hang: true,
  error: true,
  forbidden: true,
  starting: true,
  "empty-jwks": true,
  truncated: true,
  "wrong-issuer": true,
  nonsense: true,
  split: true,
} satisfies Record<ClusterFault, true>;
export const clusterFaultForm: Form = oneOf(Object.keys(clusterFaults));
