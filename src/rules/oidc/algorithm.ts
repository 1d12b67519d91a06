/** The signatures that AWS verifies (AssumeRoleWithWebIdentity) and that podtrust therefore does (RFC 7518 §3). */
export type Algorithm = "RS256" | "RS384" | "RS512" | "ES256" | "ES384" | "ES512";
type Curve = "P-256" | "P-384" | "P-521";

export interface AlgorithmFacts {
  readonly kty: "RSA" | "EC";
  readonly hash: "sha256" | "sha384" | "sha512";
  /** ECDSA: the one curve that goes with it (RFC 7518 §3.4). */
  readonly curve?: Curve;
  /** ECDSA: bytes of the signature, R and S side by side. */
  readonly signatureBytes?: number;
}

export const algorithms: Readonly<Record<Algorithm, AlgorithmFacts>> = {
  RS256: { kty: "RSA", hash: "sha256" },
  RS384: { kty: "RSA", hash: "sha384" },
  RS512: { kty: "RSA", hash: "sha512" },
  ES256: { kty: "EC", hash: "sha256", curve: "P-256", signatureBytes: 64 },
  ES384: { kty: "EC", hash: "sha384", curve: "P-384", signatureBytes: 96 },
  ES512: { kty: "EC", hash: "sha512", curve: "P-521", signatureBytes: 132 },
};

/** RFC 7518 §3.3: RSA keys have 2048 bits or more. */
export const minRsaBits = 2048;
/** Above this a verification takes long enough to be used against us. */
export const maxRsaBits = 16_384;

export function isAlgorithm(text: unknown): text is Algorithm {
  return typeof text === "string" && Object.hasOwn(algorithms, text);
}

/** The algorithm that Kubernetes signs with for a key of this type. */
export function defaultAlgorithm(kty: "RSA" | "EC", curve: unknown): Algorithm | undefined {
  if (kty === "RSA") return "RS256";
  return (["ES256", "ES384", "ES512"] as const).find((name) => algorithms[name].curve === curve);
}
