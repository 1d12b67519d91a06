import { type Command, Option } from "commander";
import type { CommandUses } from "../../core/command-line/index.ts";
import type { CommandContext } from "../context.ts";
import type { AwsPolicyOptions } from "./run-aws-policy.ts";
import type { AzureRoleOptions } from "./run-azure-role.ts";
import type { GoogleRoleOptions } from "./run-gcp-role.ts";
import type { OpenBaoPolicyOptions } from "./run-openbao-policy.ts";
import type { S3PolicyOptions } from "./run-s3-policy.ts";

/** Examples and guide of the commands that print a relying party's own policies. */
export const policyUses: CommandUses = {
  "manifests aws-policy": {
    examples: [
      "podtrust manifests aws-policy > policy.json && aws iam create-policy --policy-name podtrust --policy-document file://policy.json",
      "podtrust manifests aws-policy --account 111122223333",
      "podtrust manifests aws-policy -f staging.yaml",
    ],
    guide: "aws",
  },
  "manifests azure-role": {
    examples: [
      "podtrust manifests azure-role > role.json && az role definition create --role-definition role.json",
      "podtrust manifests azure-role --tenant 11111111-2222-3333-4444-555555555555",
      "podtrust manifests azure-role -f staging.yaml",
    ],
    guide: "azure",
  },
  "manifests gcp-role": {
    examples: [
      "podtrust manifests gcp-role > role.json && gcloud iam roles create podtrust --project=PROJECT --file=role.json",
      "podtrust manifests gcp-role --on service-account",
      "podtrust manifests gcp-role -f staging.yaml",
    ],
    guide: "gcp",
  },
  "manifests openbao-policy": {
    examples: [
      "podtrust manifests openbao-policy > podtrust.hcl && bao policy write podtrust podtrust.hcl",
      "podtrust manifests openbao-policy --address https://bao.example.com:8200 --mount podtrust",
      "podtrust manifests openbao-policy -f staging.yaml --ca ca.pem",
    ],
    guide: "openbao",
  },
  "manifests s3-policy": {
    examples: [
      "podtrust manifests s3-policy > policy.json && aws s3api put-bucket-policy --bucket BUCKET --policy file://policy.json",
      "podtrust manifests s3-policy --cloudfront arn:aws:cloudfront::111122223333:distribution/E1",
      "podtrust manifests s3-policy -f staging.yaml",
    ],
    guide: "publish-s3",
  },
  "manifests s3-publisher-policy": {
    examples: [
      "podtrust manifests s3-publisher-policy > policy.json",
      "podtrust manifests s3-publisher-policy --json",
      "podtrust manifests s3-publisher-policy -f staging.yaml",
    ],
    guide: "publish-s3",
  },
};

/** `podtrust manifests …-policy` and `…-role`: the least rights at AWS, Azure, Google Cloud and OpenBao, and a bucket's own policy. */
export function definePolicies(manifests: Command, context: CommandContext): void {
  manifests
    .command("aws-policy")
    .description("print the least-privilege IAM policy for plan, up, down and import")
    .option("-f, --file <file>", "config file", "podtrust.yaml")
    .option("--account <id>", "AWS account, if the config has several")
    .action(async (options: AwsPolicyOptions) => {
      const { runAwsPolicy } = await import("./run-aws-policy.ts");
      await runAwsPolicy(context, options);
    });
  manifests
    .command("azure-role")
    .description("print the least-privilege custom role of Azure for plan, up and down")
    .option("-f, --file <file>", "config file", "podtrust.yaml")
    .option("--tenant <id>", "the tenant, if the config has several")
    .action(async (options: AzureRoleOptions) => {
      const { runAzureRole } = await import("./run-azure-role.ts");
      await runAzureRole(context, options);
    });
  manifests
    .command("gcp-role")
    .description("print the least-privilege custom role at Google Cloud for plan, up, down and import")
    .option("-f, --file <file>", "config file", "podtrust.yaml")
    .addOption(
      new Option("--on <resource>", "what the role is granted on")
        .choices(["project", "service-account"])
        .default("project"),
    )
    .action(async (options: GoogleRoleOptions) => {
      const { runGoogleRole } = await import("./run-gcp-role.ts");
      await runGoogleRole(context, options);
    });
  manifests
    .command("openbao-policy")
    .description("print the least-privilege policy of OpenBao for plan, up and down")
    .option("-f, --file <file>", "config file", "podtrust.yaml")
    .option("--address <url>", "the server, if the config has several")
    .option("--mount <path>", "the auth mount, if the config has several")
    .option("--ca <file>", "PEM of the issuer's certificate authority, if up gets one")
    .action(async (options: OpenBaoPolicyOptions) => {
      const { runOpenBaoPolicy } = await import("./run-openbao-policy.ts");
      await runOpenBaoPolicy(context, options);
    });
  manifests
    .command("s3-policy")
    .description("print the bucket policy that makes the two documents public, and nothing else")
    .option("-f, --file <file>", "config file", "podtrust.yaml")
    .option("--cloudfront <arn>", "allow only this CloudFront distribution; the bucket stays private")
    .action(async (options: S3PolicyOptions) => {
      const { runS3Policy } = await import("./run-s3-policy.ts");
      await runS3Policy(context, "bucket", options);
    });
  manifests
    .command("s3-publisher-policy")
    .description("print the least-privilege IAM policy for publishing to the bucket")
    .option("-f, --file <file>", "config file", "podtrust.yaml")
    .action(async (options: S3PolicyOptions) => {
      const { runS3Policy } = await import("./run-s3-policy.ts");
      await runS3Policy(context, "publisher", options);
    });
}
