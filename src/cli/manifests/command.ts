import type { Command } from "commander";
import type { AwsPolicyOptions } from "./run-aws-policy.ts";
import type { CommandContext } from "../context.ts";
import type { PublisherRbacOptions } from "./run-publisher-rbac.ts";
import type { S3PolicyOptions } from "./run-s3-policy.ts";
import type { DemoOptions } from "../options/target.ts";
import { withDemo, withRole } from "../options/workload.ts";
import type { WorkloadOptions } from "./run-workload.ts";

function defineWorkload(manifests: Command, context: CommandContext): void {
  withRole(
    manifests
      .command("workload")
      .description(
        "print a workload's ServiceAccount, token volume and variables, or a patch for one that exists",
      )
      .argument("<namespace/name>", "its ServiceAccount")
      .option("-f, --file <file>", "the stack's config", "podtrust.yaml"),
  )
    .option("--patch <kind/name>", "a patch for an existing workload, as deployment/web")
    .option(
      "--container <name>",
      "with --patch: the container that gets the token (default: the workload's name)",
    )
    .addHelpText(
      "after",
      "\npodtrust manifests workload shop/web --patch deployment/web > patch.yaml\n" +
        "kubectl patch -n shop deployment/web --patch-file patch.yaml\n",
    )
    .action(async (serviceAccount: string, options: WorkloadOptions) => {
      const { runWorkload } = await import("./run-workload.ts");
      await runWorkload(context, serviceAccount, options);
    });
}

function defineDemoManifests(manifests: Command, context: CommandContext): void {
  withDemo(
    withRole(
      manifests
        .command("demo")
        .description("print the guide's ServiceAccount and Job, for the role that the config gives them")
        .option("-f, --file <file>", "the stack's config", "podtrust.yaml"),
    ),
  )
    .addHelpText("after", "\npodtrust manifests demo | kubectl apply -f -\n")
    .action(async (options: DemoOptions) => {
      const { runDemoManifests } = await import("./run-demo.ts");
      await runDemoManifests(context, options);
    });
}

/** `podtrust manifests`: what kubectl and the AWS CLI take, as text. */
export function defineManifests(program: Command, context: CommandContext): void {
  const manifests = program
    .command("manifests")
    .description("print Kubernetes manifests, and the policy that podtrust needs in AWS");
  manifests
    .command("publisher-rbac")
    .description("print the least rights that the publisher needs in the cluster")
    .option("--namespace <namespace>", "namespace of the publisher's ServiceAccount", "podtrust")
    .option("--name <name>", "name of ServiceAccount, ClusterRole and binding", "podtrust-publisher")
    .addHelpText("after", "\npodtrust manifests publisher-rbac | kubectl apply -f -\n")
    .action(async (options: PublisherRbacOptions) => {
      const { runPublisherRbac } = await import("./run-publisher-rbac.ts");
      runPublisherRbac(context, options);
    });
  manifests
    .command("aws-policy")
    .description("print the least IAM policy with which plan, up, down and import work for a config")
    .option("-f, --file <file>", "the stack's config", "podtrust.yaml")
    .option("--account <id>", "the account, where the config has several")
    .addHelpText(
      "after",
      "\npodtrust manifests aws-policy > policy.json\n" +
        "aws iam create-policy --policy-name podtrust --policy-document file://policy.json\n",
    )
    .action(async (options: AwsPolicyOptions) => {
      const { runAwsPolicy } = await import("./run-aws-policy.ts");
      await runAwsPolicy(context, options);
    });
  manifests
    .command("s3-policy")
    .description("print the policy of the bucket: strangers read the two documents and nothing else")
    .option("-f, --file <file>", "the stack's config", "podtrust.yaml")
    .option("--cloudfront <arn>", "let in this CloudFront distribution alone; the bucket stays private")
    .addHelpText(
      "after",
      "\npodtrust manifests s3-policy > policy.json\n" +
        "aws s3api put-bucket-policy --bucket BUCKET --policy file://policy.json\n",
    )
    .action(async (options: S3PolicyOptions) => {
      const { runS3Policy } = await import("./run-s3-policy.ts");
      await runS3Policy(context, "bucket", options);
    });
  manifests
    .command("s3-publisher-policy")
    .description("print the least IAM policy of the credentials that publish into the bucket")
    .option("-f, --file <file>", "the stack's config", "podtrust.yaml")
    .action(async (options: S3PolicyOptions) => {
      const { runS3Policy } = await import("./run-s3-policy.ts");
      await runS3Policy(context, "publisher", options);
    });
  defineWorkload(manifests, context);
  defineDemoManifests(manifests, context);
}
