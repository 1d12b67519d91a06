import { cause, found, type ReasonEntry } from "../../entry.ts";

const cluster = ["cluster"] as const;

/** Why a cluster signs or accepts other tokens than is meant. */
export const clusterCauses = {
  IssuerReplaced: cause(
    found(
      "broken",
      cluster,
      "The issuer was replaced in one step: the API servers refuse every token that names the one before.",
      "Give the API servers both issuers, the new one first; restart the workloads; drop the old one when its tokens have expired.",
    ),
    {
      number: 701,
      proof:
        "TokenReview refuses the token, its iss is not that of a token minted now, and a new one is accepted.",
    },
  ),
  ApiAudiencesReplaced: cause(
    found(
      "broken",
      cluster,
      "--api-audiences replaced the API server's own audience: no default token is accepted.",
      "Take --api-audiences away, or list the issuer in it as well; the audience of STS need not stand there.",
    ),
    {
      number: 702,
      proof: "A token minted without an audience has that of STS, or none that TokenReview accepts.",
    },
  ),
  SigningKeyDropped: cause(
    found(
      "broken",
      cluster,
      "The signing key was replaced, and the key before it verifies no longer: tokens that live are refused.",
      "Add the old public key to --service-account-key-file on every API server, until its tokens have expired.",
    ),
    {
      number: 703,
      proof:
        "TokenReview refuses the token, and its kid is not in the cluster's JWKS, while that of a new token is.",
    },
  ),
  SigningFlagTwice: cause(
    found(
      "broken",
      cluster,
      "An API server has --service-account-signing-key-file twice, and takes one of them.",
      "Leave one: that of the distribution. Publish its public half.",
    ),
    {
      number: 704,
      proof:
        "The flag stands twice in what an API server will be started with, as its machine says it over SSH.",
    },
  ),
  VerifyKeyLost: cause(
    found(
      "broken",
      cluster,
      "An API server verifies with fewer keys than it was given files: a repeated argument was merged into one.",
      "Put the PEM keys into one file, or use a release of the distribution that passes repeated arguments on.",
    ),
    {
      number: 705,
      proof: "The cluster's JWKS has fewer keys than there are --service-account-key-file arguments.",
    },
  ),
  IssuerNotUrl: cause(
    found(
      "broken",
      cluster,
      "The cluster's issuer is no https URL, so that the API server serves no discovery document.",
      "Set --service-account-issuer to an https URL, with the issuer of today as the second one.",
    ),
    {
      number: 706,
      proof:
        "A token minted now has an iss without https://, and /.well-known/openid-configuration is not served.",
    },
  ),
  FlagsNotInForce: cause(
    found(
      "broken",
      cluster,
      "The manifest of the API server has the issuer, and the process that runs does not.",
      "Move the manifest out of the folder and in again, take copies out of it, and read the kubelet's log.",
    ),
    {
      number: 707,
      proof:
        "The first --service-account-issuer that an API server will be started with, by its machine, against iss of a token minted now.",
    },
  ),
  IssuerPutBack: cause(
    found(
      "broken",
      cluster,
      "The cluster had the issuer once, and has the standard one of its distribution again: a tool rewrote the flags.",
      "Set the issuer by the distribution's own config, not in the manifest that it writes.",
    ),
    {
      number: 708,
      proof:
        "A token minted now has the standard issuer, and its key is among those that the configured issuer serves.",
    },
  ),
  IssuerNotPassed: cause(
    found(
      "broken",
      cluster,
      "The issuer never reached the API server: it runs without the flag.",
      "Set --service-account-issuer by the distribution's own config, and restart every API server.",
    ),
    {
      number: 709,
      proof:
        "No API server that was looked at will be started with the configured issuer, and that serves no key of this cluster.",
    },
  ),
  KeyFileNotMounted: cause(
    found(
      "broken",
      cluster,
      "A key file of the API server is not visible inside its container.",
      "Mount its folder by hostPath (kubeadm: extraVolumes), or put the key into a folder that is mounted.",
    ),
    {
      number: 710,
      proof: "The path of a key flag is below no mount of the kube-apiserver's container in its manifest.",
    },
  ),
  LegacyTokenRefused: cause(
    found(
      "broken",
      cluster,
      "The token is one that a Secret keeps, from before the keys or the issuer were changed.",
      "Make a new Secret for the same ServiceAccount, move its clients, then delete the old one.",
    ),
    {
      number: 711,
      proof: "TokenReview refuses the token, and its claims name the Secret in which it is kept.",
    },
  ),
  IssuersOfServersDiffer: cause(
    found(
      "broken",
      cluster,
      "The API servers have different issuers: whether a token is accepted depends on which one answers.",
      "Give every API server the same --service-account-issuer.",
    ),
    {
      number: 712,
      proof: "The first --service-account-issuer that each API server will be started with, side by side.",
    },
  ),
  IssuerHasPort: cause(
    found(
      "broken",
      cluster,
      "The cluster's issuer has a port, and IAM takes no provider with one.",
      "Give the cluster an issuer of its own name, on port 443.",
    ),
    { number: 713, proof: "iss of a token minted now has a port." },
  ),
  IssuerGivenTwice: cause(
    found(
      "warning",
      cluster,
      "A server of k3s or RKE2 is given the issuer by two of its definitions: an install line put it back into the unit, beside the config files. Its next start takes both, and ends where one issuer comes twice.",
      "Leave the issuer at one place. podtrust adopt run moves the unit's flags into a file; the install line has to lose them too.",
    ),
    {
      number: 714,
      proof:
        "The server's next start, computed from its unit as systemd has it and from every config file, has the issuer from both, or one issuer twice.",
    },
  ),
} as const satisfies Record<string, ReasonEntry>;
