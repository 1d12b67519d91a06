import { PodtrustError } from "../../core/base/index.ts";

/** Of `iss`, as API servers have it: most are URLs, and an old one may be any text. */
const issuerForm = /^[\x21-\x7e]{1,1024}$/u;

/** The issuers that a signer signs for: one, or two while another one is adopted. Throws `usage`. */
export function signerIssuers(issuers: readonly string[]): readonly string[] {
  const wrong = issuers.find((one) => !issuerForm.test(one));
  if (wrong === undefined && issuers.length <= 2 && new Set(issuers).size === issuers.length) return issuers;
  const what =
    wrong === undefined ? `--issuer names ${issuers.length} issuers` : `--issuer ${wrong} is no issuer`;
  throw new PodtrustError("usage", what, {
    next: "Give what the API server has in --service-account-issuer: one, and two while another one is adopted.",
  });
}
