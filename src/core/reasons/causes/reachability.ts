import { cause, found, type ReasonEntry } from "../entry.ts";

/** Why a document cannot be had from the internet. */
export const reachabilityCauses = {
  BucketPrivate: cause(
    found(
      "broken",
      ["reachability"],
      "The bucket does not let the public read the documents, or they are not in it.",
      "Allow s3:GetObject to the public in the bucket's policy, with public access by policy not blocked; then publish again.",
    ),
    {
      number: 502,
      proof:
        "Status 403 with the code AccessDenied in S3's XML, which S3 also answers for an object that is missing.",
    },
  ),
  ObjectPrivate: cause(
    found(
      "broken",
      ["reachability"],
      "One document of the bucket is public and the other is not, or is missing.",
      "Put both under the same bucket policy, over /*; object ACLs are not needed.",
    ),
    { number: 503, proof: "One document answers 200, and the other AccessDenied in S3's XML." },
  ),
  ObjectEncrypted: cause(
    found(
      "broken",
      ["reachability"],
      "The bucket encrypts the documents by a key of KMS, and S3 gives such objects to no anonymous reader.",
      "Encrypt this bucket by S3's own keys (SSE-S3), then publish again: objects keep what they were written with.",
    ),
    { number: 526, proof: "Status 400 with the code InvalidArgument, and S3's sentence about KMS." },
  ),
  BotProtection: cause(
    found(
      "broken",
      ["reachability"],
      "A protection against bots stands in front of the issuer, and AWS is a bot.",
      "Turn the challenge off for this host, or move the two documents to another one.",
    ),
    {
      number: 504,
      proof: "The header cf-mitigated, or a challenge page with status 403 or 503 from Cloudflare.",
    },
  ),
  StorageFirewall: cause(
    found(
      "broken",
      ["reachability"],
      "The storage account lets in chosen networks only, or no anonymous reader.",
      "Put both documents into a container with anonymous read access, in an account that all networks reach.",
    ),
    { number: 505, proof: "The header x-ms-error-code names a refusal." },
  ),
  Throttled: cause(
    found(
      "broken",
      ["reachability"],
      "The host refuses requests that come quickly, as AWS's do when many pods start.",
      "Serve the documents from static hosting or a CDN, without a rate limit for them.",
    ),
    { number: 506, proof: "Some of the samples answer 429, or 503 with SlowDown." },
  ),
  AnswersFlaky: cause(
    found(
      "broken",
      ["reachability"],
      "The same document is sometimes served and sometimes not.",
      "Look at the server's own log for the failing answers: one of several backends is the first suspect.",
    ),
    { number: 507, proof: "Of several samples of one URL some came and some did not." },
  ),
  DocumentMissing: cause(
    found(
      "broken",
      ["reachability"],
      "The document is not there: never published, or deleted.",
      "Publish the documents again from the cluster's own keys.",
    ),
    { number: 508, proof: "Status 404 or 410." },
  ),
  BucketMissing: cause(
    found(
      "broken",
      ["reachability"],
      "The bucket does not exist.",
      "Create the bucket again and publish both documents; move away from a bucket name that others can take.",
    ),
    { number: 509, proof: "S3's XML has the code NoSuchBucket." },
  ),
  ConnectionRefused: cause(
    found(
      "broken",
      ["reachability"],
      "Nothing listens on port 443.",
      "Start the server, and look whether the name leads to the machine on which it runs.",
    ),
    { number: 510, proof: "Every address refused the connection." },
  ),
  AddressDead: cause(
    found(
      "broken",
      ["reachability"],
      "One address of the name serves the issuer and another does not: AWS fails by chance.",
      "Repair the server at that address, or take its record out of DNS.",
    ),
    { number: 512, proof: "Each address was asked by itself." },
  ),
  AddressesDiffer: cause(
    found(
      "broken",
      ["reachability"],
      "The addresses of the name serve different documents.",
      "Give every server behind the name the same issuer and keys.",
    ),
    { number: 513, proof: "Each address was asked by itself, and issuer or kids differ." },
  ),
  AddressUnseen: cause(
    found(
      "unseen",
      ["reachability"],
      "An address was not asked: this machine has no route to it, or it is a private one that nobody typed.",
      "Look again from a machine that has a route to the address. If it is private and yours, give --private.",
    ),
    {
      number: 521,
      proof: "The system says that the network is unreachable from here, or the address is private.",
    },
  ),
  DocumentElsewhere: cause(
    found(
      "broken",
      ["discovery", "jwks"],
      "The document is missing where AWS looks for it, and stands at another URL of the same host.",
      "Serve it where it belongs: discovery at the issuer's URL and /.well-known/openid-configuration, keys at jwks_uri.",
    ),
    { number: 522, proof: "Status 404 at the right URL, and the document at another that programs use." },
  ),
  ProviderIncident: cause(
    found(
      "warning",
      ["reachability"],
      "The storage of a cloud fails by itself: an incident of the provider.",
      "Look at the provider's status page and wait; change nothing.",
    ),
    {
      number: 523,
      proof: "Status 500 or above, by a server that names itself as the provider's, and no sample that came.",
      verdict: "incident",
    },
  ),
  LocalVantage: cause(
    found(
      "unseen",
      ["reachability"],
      "This machine reaches the issuer by an inner address alone, and not by its public one.",
      "Look again from another network: routers often do not let a machine reach its own public address.",
    ),
    {
      number: 524,
      proof:
        "No public address took a connection, and the address that this machine's own resolver gives serves both documents.",
    },
  ),
  LookDelayed: cause(
    found(
      "unseen",
      ["reachability", "injection"],
      "The machine that looked was too busy to measure how long others take: nothing is said about times.",
      "Look again when this machine has less to do, or from another one.",
    ),
    {
      number: 525,
      proof:
        "The program's own timers were late by a quarter of a document's time, and something was slow or did not come in time.",
    },
  ),
  ServerFailing: cause(
    found(
      "broken",
      ["reachability"],
      "The server answers with an error of its own.",
      "Look at the log of the server or of the backend behind it.",
    ),
    { number: 518, proof: "Status 500 or above." },
  ),
  ResponseSlow: cause(
    found(
      "warning",
      ["reachability"],
      "A document took more than half of the five seconds that AWS waits.",
      "Serve it from memory or a CDN; the times say whether only the first answer is slow.",
    ),
    { number: 519, proof: "The time of each answer, the first and the later ones apart." },
  ),
} as const satisfies Record<string, ReasonEntry>;
