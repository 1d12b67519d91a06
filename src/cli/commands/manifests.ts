import type { Command } from "commander";
import type { AwsPolicyCommandOptions } from "../aws-policy.ts";
import type { CommandContext } from "../context.ts";

/** `podtrust manifests publisher-rbac`: YAML for kubectl apply; with `--json` the same as one List. */
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
    .action(async (options: { namespace: string; name: string }) => {
      const { publisherRbac, publisherRbacList } = await import("../../kubernetes/index.ts");
      if (context.json) context.output.result(await publisherRbacList(options));
      else context.output.raw(publisherRbac(options));
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
    .action(async (options: AwsPolicyCommandOptions) => {
      const { printAwsPolicy } = await import("../aws-policy.ts");
      await printAwsPolicy(context, options);
    });
}
