import type { JsonRecord } from "../../core/base/index.ts";
import { CelError, celExpression, expressionNames } from "../../rules/gcp/index.ts";
import { mapField, objectField, textField, textsField } from "./fields.ts";
import { checkJwks } from "./jwks-form.ts";
import type { Oidc } from "./project.ts";
import { invalid } from "./refusal.ts";

const max = {
  audiences: 10,
  audience: 256,
  discoveryUri: 2000,
  key: 100,
  custom: 50,
  expression: 2048,
  condition: 4096,
};

/** An issuer's URI. Throws INVALID_ARGUMENT in Google's words. */
function checkIssuer(issuerUri: string): URL {
  const uri = URL.parse(issuerUri);
  if (uri === null || uri.hostname === "") return invalid("Invalid OIDC issuer URI.");
  if (uri.protocol !== "https:") invalid("Invalid OIDC issuer URI. The scheme must be https.");
  return uri;
}

function checkDiscovery(discoveryUri: string, issuer: URL): void {
  if (discoveryUri === "") return;
  const uri = URL.parse(discoveryUri);
  if (uri?.origin === issuer.origin && /\/\.well-known\/[^/]+$/u.test(uri.pathname)) return;
  invalid("Invalid OIDC discovery URI.", {
    why: `${JSON.stringify(discoveryUri.slice(0, 200))} is not a path with /.well-known/ on ${issuer.origin}`,
    next: "Give a URI with scheme, host and port of issuerUri, and a path that ends with /.well-known/NAME.",
  });
}

/** A provider's settings for its issuer. Throws INVALID_ARGUMENT. */
export function oidcOf(body: JsonRecord): Oidc {
  const other = ["aws", "saml", "x509"].find((name) => body[name] !== undefined);
  if (other !== undefined) invalid(`This stand-in makes OIDC providers alone, and none of ${other}.`);
  const oidc = objectField(body, "oidc");
  const issuerUri = textField(oidc, "issuerUri", Number.POSITIVE_INFINITY);
  const issuer = checkIssuer(issuerUri);
  const allowedAudiences = textsField(oidc, "allowedAudiences");
  if (allowedAudiences.length > max.audiences)
    invalid(`The number of allowed audiences exceeds the limit of ${max.audiences}.`);
  if (allowedAudiences.some((one) => one.length > max.audience))
    invalid(`An allowed audience exceeds the limit of ${max.audience} characters.`);
  const jwksJson = textField(oidc, "jwksJson", Number.POSITIVE_INFINITY);
  const discoveryUri = textField(oidc, "discoveryUri", max.discoveryUri);
  checkJwks(jwksJson);
  checkDiscovery(discoveryUri, issuer);
  return {
    issuerUri,
    allowedAudiences,
    ...(jwksJson === "" ? {} : { jwksJson }),
    ...(discoveryUri === "" ? {} : { discoveryUri }),
  };
}

/**
 * Throws INVALID_ARGUMENT for an expression that is too long, is no CEL, or uses a part of CEL that is not evaluated
 * here.
 */
function checkExpression(
  what: string,
  text: string,
  { names, maxLength }: { readonly names: readonly string[]; readonly maxLength: number },
): void {
  if (text.length > maxLength) invalid(`The ${what} exceeds the limit of ${maxLength} characters.`);
  try {
    celExpression(text, names);
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    const ours = error.fault === "unsupported";
    invalid(`Error in ${what}: ${error.message}`, {
      why: ours ? "this part of CEL is not evaluated by this stand-in" : error.message,
    });
  }
}

const isGoogles = (name: string): boolean => name === "google.subject" || name === "google.groups";

/** Expressions by the names they define. Throws INVALID_ARGUMENT. */
export function mappingOf(body: JsonRecord): Readonly<Record<string, string>> {
  const mapping = mapField(body, "attributeMapping");
  if (mapping["google.subject"] === undefined)
    invalid("The attribute mapping must have google.subject.", {
      next: 'Map it, as by attributeMapping {"google.subject": "assertion.sub"}.',
    });
  const names = Object.keys(mapping);
  const foreign = names.find(
    (name) => name.length > max.key || (!isGoogles(name) && !/^attribute\.[a-z0-9_]+$/u.test(name)),
  );
  if (foreign !== undefined) invalid(`Invalid attribute mapping key: ${foreign.slice(0, 200)}.`);
  if (names.filter((name) => !isGoogles(name)).length > max.custom)
    invalid(`The number of custom attributes exceeds the limit of ${max.custom}.`);
  for (const [name, text] of Object.entries(mapping))
    checkExpression(`attribute mapping ${name}`, text, {
      names: expressionNames.mapping,
      maxLength: max.expression,
    });
  return mapping;
}

/** Issuers of many tenants, for which only a condition says which tenant a token is from. */
const shared = [
  "https://token.actions.githubusercontent.com",
  "https://gitlab.com",
  "https://app.terraform.io",
];

const conditionNeeded =
  "The attribute condition must reference one of the provider's claims. For more information, see https://cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines#conditions";

/** A condition, empty for none. Throws INVALID_ARGUMENT. */
export function conditionOf(body: JsonRecord, { issuerUri }: Oidc): string {
  const condition = textField(body, "attributeCondition", Number.POSITIVE_INFINITY);
  if (condition !== "")
    checkExpression("attribute condition", condition, {
      names: expressionNames.condition,
      maxLength: max.condition,
    });
  if (shared.includes(issuerUri) && !/\b(?:assertion|attribute|google)\b/u.test(condition))
    invalid(conditionNeeded, { why: `${issuerUri} issues tokens for many tenants` });
  return condition;
}
