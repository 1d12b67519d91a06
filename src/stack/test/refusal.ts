/** How a refusal is known to be for the intended reason. */
export interface ExpectedRefusal {
  readonly code: RegExp;
  readonly message: RegExp;
  /** In words: `AccessDenied: the trust policy does not name it`. */
  readonly words: string;
}

// AWS's own texts, of both generations (docs/reference/sts-rules.md); the code alone would let another reason pass.
/** Subjects that the trust policy does not name. */
export const notTrusted: ExpectedRefusal = {
  code: /^AccessDenied/u,
  message: /Not authorized to perform sts:AssumeRoleWithWebIdentity/u,
  words: "AccessDenied, since the trust policy does not name it",
};

/** An audience that the OIDC provider does not have. */
export const otherAudience: ExpectedRefusal = {
  code: /^InvalidIdentityToken/u,
  // Since 2026 AWS says no more than the second.
  message: /audience|could not be validated/iu,
  words: "InvalidIdentityToken, since the OIDC provider does not have that audience",
};

/** A call that carries no token. */
export const noToken: ExpectedRefusal = {
  code: /^(?:ValidationError|MissingParameter)/u,
  message: /webIdentityToken/iu,
  words: "ValidationError, since there is no token",
};

/** An expired token. */
export const expired: ExpectedRefusal = {
  code: /^(?:ExpiredToken|InvalidIdentityToken)/u,
  message: /expired/iu,
  words: "ExpiredTokenException, since its time is over",
};

/** Whether AWS refused for this reason. */
export function isFor(
  reason: ExpectedRefusal,
  complaint: { readonly code: string; readonly message: string },
): boolean {
  return reason.code.test(complaint.code) && reason.message.test(complaint.message);
}
