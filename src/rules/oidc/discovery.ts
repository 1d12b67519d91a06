import { type JsonRecord, PodtrustError } from "../../core/base/index.ts";
import { isAlgorithm } from "./algorithm.ts";
import { readDocument, renderDocument, shown } from "./document.ts";

/** What AWS needs of a discovery document (OpenID Connect Discovery 1.0 §3). */
export interface DiscoveryDocument {
  /** As written: compare it byte by byte. */
  readonly issuer: string;
  readonly jwksUri: string;
  readonly responseTypes: readonly string[];
  readonly subjectTypes: readonly string[];
  /** `id_token_signing_alg_values_supported`. */
  readonly algorithms: readonly string[];
  /** Sentences about what is legal but unusual. */
  readonly warnings: readonly string[];
}

/** Bytes; readers take no more. */
export const maxDiscovery = 65_536;
const kind = {
  name: "the discovery document",
  code: "discovery-invalid",
  maxBytes: maxDiscovery,
} as const;

function textProblem(value: unknown, name: string): string | undefined {
  if (value === undefined) return `${name} is missing`;
  return typeof value === "string" && value !== "" ? undefined : `${name} is ${shown(value)}, not a text`;
}

function urlProblem(value: unknown, name: string): string | undefined {
  const problem = textProblem(value, name);
  if (problem !== undefined) return problem;
  const text = value as string;
  if (!text.startsWith("https://") || !URL.canParse(text))
    return `${name} is ${shown(text)}, not an https:// URL`;
  const { username, password, hash } = new URL(text);
  return username + password + hash === "" ? undefined : `${name} has a user name, password or fragment`;
}

function listProblem(value: unknown, name: string): string | undefined {
  if (value === undefined) return `${name} is missing`;
  const good =
    Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "string" && one !== "");
  return good ? undefined : `${name} is ${shown(value)}, not a list of texts`;
}

function problemsOf(document: JsonRecord): readonly string[] {
  return [
    textProblem(document["issuer"], "issuer"),
    urlProblem(document["jwks_uri"], "jwks_uri"),
    ...["response_types_supported", "subject_types_supported", "id_token_signing_alg_values_supported"].map(
      (name) => listProblem(document[name], name),
    ),
  ].filter((problem) => problem !== undefined);
}

function warningsOf(algorithms: readonly string[]): readonly string[] {
  if (algorithms.some((name) => isAlgorithm(name))) return [];
  return [
    `The discovery document names no algorithm that AWS verifies: ${algorithms.map(shown).join(", ")}.`,
  ];
}

/**
 * Reads a discovery document and checks the members that AWS needs; throws `discovery-invalid` with every problem.
 * Whether `issuer` is the right one is the caller's to ask (`issuerDifference`); endpoints for logins, which the
 * specification requires and Kubernetes leaves out, are not asked for.
 */
export function parseDiscovery(text: string | Uint8Array): DiscoveryDocument {
  const document = readDocument(text, kind);
  const problems = problemsOf(document);
  if (problems.length > 0) {
    throw new PodtrustError("discovery-invalid", `in ${kind.name}, ${problems.join("; ")}`, {
      detail: { problems },
    });
  }
  const algorithms = document["id_token_signing_alg_values_supported"] as readonly string[];
  return {
    issuer: document["issuer"] as string,
    jwksUri: document["jwks_uri"] as string,
    responseTypes: document["response_types_supported"] as readonly string[],
    subjectTypes: document["subject_types_supported"] as readonly string[],
    algorithms,
    warnings: warningsOf(algorithms),
  };
}

export interface DiscoveryInput {
  readonly issuer: string;
  readonly jwksUri: string;
  /** The `alg` of the published keys, in any order, also more than once. */
  readonly algorithms: readonly string[];
}

/** The discovery document, byte for byte as a Kubernetes API server of that issuer and those keys renders it. */
export function renderDiscovery(input: DiscoveryInput): string {
  return renderDocument({
    issuer: input.issuer,
    jwks_uri: input.jwksUri,
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: [...new Set(input.algorithms)].sort(),
  });
}
