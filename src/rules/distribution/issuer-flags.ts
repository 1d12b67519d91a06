/** The issuers of an API server and where it says its keys are. */
export interface IssuerSpec {
  /** The first signs; all are accepted. */
  readonly issuers: readonly string[];
  readonly jwksUri: string;
}

/** A flag of the API server without its hyphens. */
export interface Flag {
  readonly name: string;
  readonly value: string;
}

/**
 * The flags of the API server that make it the issuer, in their order.
 * Source: https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/
 */
export function issuerFlags({ issuers, jwksUri }: IssuerSpec): readonly Flag[] {
  return [
    ...issuers.map((value) => ({ name: "service-account-issuer", value })),
    { name: "service-account-jwks-uri", value: jwksUri },
  ];
}

/** As lists of flags have them: `name=value`. */
export const flagText = ({ name, value }: Flag): string => `${name}=${value}`;
