import { createHash, generateKeyPairSync } from "node:crypto";
import type { Run } from "./run.ts";

/** A key that an API server signs ServiceAccount tokens with, as files. */
export interface SigningKey {
  /** The kid that Kubernetes gives it. */
  readonly kid: string;
  /** PEM, PKCS #8: for --service-account-signing-key-file. */
  readonly privateFile: string;
  /** PEM, SPKI: for --service-account-key-file. */
  readonly publicFile: string;
}

export type SigningKeyType = "RS256" | "ES256" | "ES384" | "ES512";

const curves = { ES256: "P-256", ES384: "P-384", ES512: "P-521" } as const;

/** Makes a key in the run's folder. */
export function createSigningKey(run: Run, type: SigningKeyType = "RS256"): SigningKey {
  const pair =
    type === "RS256"
      ? generateKeyPairSync("rsa", { modulusLength: 2048 })
      : generateKeyPairSync("ec", { namedCurve: curves[type] });
  const kid = createHash("sha256")
    .update(pair.publicKey.export({ type: "spki", format: "der" }))
    .digest("base64url");
  return {
    kid,
    privateFile: run.write(`${kid}.key`, pair.privateKey.export({ type: "pkcs8", format: "pem" })),
    publicFile: run.write(`${kid}.pub`, pair.publicKey.export({ type: "spki", format: "pem" })),
  };
}
