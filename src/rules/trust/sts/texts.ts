/** Texts of STS that more than one rule answers. Two spaces and missing full stops are AWS's. */
export const notAJwt =
  "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";

export const couldNotBeValidated =
  "The web identity token provided could not be validated. See the AssumeRoleWithWebIdentity documentation for requirements.";

export const noVerificationKey =
  "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements";

export const notAuthorized = "Not authorized to perform sts:AssumeRoleWithWebIdentity";

export const invalidToken = "InvalidIdentityToken";
