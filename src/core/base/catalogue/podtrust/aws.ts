import type { CatalogueEntry } from "../entry.ts";

/** Errors about AWS. */
export const awsErrors = {
  "aws-no-credentials": {
    summary: "No AWS credentials were found, or AWS does not know them.",
    next: "Sign in (aws sso login, aws configure), set AWS_PROFILE, or name a profile in the config.",
  },
  "aws-credentials-expired": {
    summary: "The AWS credentials have expired.",
    next: "Sign in again, then run the same command.",
  },
  "aws-credentials-refused": {
    summary: "AWS knows the access key, but the signature made with the secret is wrong.",
    next: "Check that the secret belongs to the key, and that nothing between here and AWS rewrites requests.",
  },
  "aws-denied": {
    summary: "AWS refused a call: the caller may not do this.",
    next: "Give the caller the permission named in the message, or use other credentials.",
  },
  "aws-throttled": {
    summary: "AWS throttled the calls, even after several retries.",
    next: "Wait a minute and run the same command again; it continues with what is missing.",
  },
  "aws-clock": {
    summary: "This machine's clock differs from AWS's by more than AWS accepts.",
    next: "Set the clock (timedatectl set-ntp true), then run the same command.",
  },
  "aws-quota": {
    summary: "A quota of the AWS account is used up.",
    next: "Remove what is no longer needed, or ask AWS for a higher quota of the name in the message.",
  },
  "aws-unavailable": {
    summary: "AWS answered with an internal error.",
    next: "Wait and run the same command again; it continues with what is missing.",
  },
  "aws-unreachable": {
    summary: "AWS, or the server that AWS_ENDPOINT_URL names, could not be reached.",
    next: "Check the network, the region's name, and AWS_ENDPOINT_URL.",
  },
  "aws-invalid-input": {
    summary: "AWS takes no such role, policy, tag or name as was asked for.",
    next: "Correct what AWS's text in the message names, in the config, the binding or the grant.",
  },
  "aws-refused": {
    summary: "AWS refused a call, for the reason in the message.",
    next: "Read AWS's text in the message; the code is AWS's own.",
  },
  "s3-bucket-missing": {
    summary: "There is no such bucket.",
    next: "Create it in the region that the config names, or correct publisher.s3.bucket.",
  },
  "s3-wrong-region": {
    summary: "The bucket is in another region than the config says.",
    next: "Correct publisher.s3.region; the message has what S3 said.",
  },
  "s3-object-invalid": {
    summary: "An object in the bucket has the key of a document, and podtrust did not write it.",
    next: "Look at the object, and move it or publish with another prefix.",
  },
  "aws-wrong-account": {
    summary: "The credentials belong to another account than the config names.",
    next: "Use credentials of the account in the config (profile or assumeRole), or correct the account.",
  },
  "aws-role-path": {
    summary: "A role exists under another path than the config says, and a path cannot be changed.",
    next: "Set the path in the config to the one the role has, or choose another name.",
  },
  "aws-role-missing": {
    summary: "A role that is to be taken over does not exist.",
    next: "Correct the ARN, or leave it out: then a role of podtrust's own is made.",
  },
  "aws-trust-not-kept": {
    summary: "The trust policy of a role that is to be taken over cannot be kept, to be given back later.",
    next: "Write it as Version 2012-10-17 and without NumericLessThan on aws:EpochTime, or name the role as existing.",
  },
  "aws-provider-in-use": {
    summary: "An OIDC provider that would go, or change hands, is trusted by roles outside this stack.",
    next: "Change those roles first, or continue anyway with --allow-in-use.",
  },
  "aws-policy-missing": {
    summary: "A managed policy that a role is to have does not exist, or cannot be attached.",
    next: "Correct its ARN in the config, or create the policy first.",
  },
  "aws-not-assumable": {
    summary: "STS still denies a role long after IAM's typical propagation delay.",
    next: "Run podtrust explain with the same token and role: it says which rule denies.",
  },
} as const satisfies Record<string, CatalogueEntry>;
