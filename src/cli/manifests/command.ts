import { type Command, Option } from "commander";
import type { BindingsOptions } from "./run-bindings.ts";
import type { CommandContext } from "../context.ts";
import type { InjectionOptions } from "./run-injection.ts";
import type { PublisherManifestsOptions } from "./run-publisher.ts";
import type { OperatorManifestsOptions } from "./run-operator.ts";
import type { OperatorRbacOptions } from "./run-operator-rbac.ts";
import type { PublisherRbacOptions } from "./run-publisher-rbac.ts";
import type { QuotaOptions } from "./run-quota.ts";
import type { SignerManifestsOptions } from "./run-signer.ts";
import type { DemoTargetOptions } from "../options/target.ts";
import { boundParties } from "../options/bound-parties.ts";
import { definePolicies, policyUses } from "./policies.ts";
import { withReplicas } from "../options/replicas.ts";
import { withDemo, withRole } from "../options/workload.ts";
import type { WorkloadOptions } from "./run-workload.ts";
import type { CommandUses } from "../../core/command-line/index.ts";

function defineWorkload(manifests: Command, context: CommandContext): void {
  withRole(
    manifests
      .command("workload")
      .description(
        "print a workload's ServiceAccount, token volume and environment variables, or a patch for an existing one",
      )
      .argument("<namespace/name>", "the workload's ServiceAccount")
      .option("-f, --file <file>", "config file", "podtrust.yaml"),
  )
    .option("--patch <kind/name>", "print a patch for this workload, for example deployment/web")
    .option(
      "--container <name>",
      "with --patch: the container that gets the token (default: the workload's name)",
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
        .description("print the ServiceAccount and Job that apply demo runs")
        .option("-f, --file <file>", "config file", "podtrust.yaml"),
    ),
  ).action(async (options: DemoTargetOptions) => {
    const { runDemoManifests } = await import("./run-demo.ts");
    await runDemoManifests(context, options);
  });
}

/** `older`: what differs before 1.36, which has policies that change objects. */
function kubernetesOption(older: string): Option {
  return new Option("--kubernetes <minor>", `minor version of the cluster; ${older}`)
    .choices(["1.35", "1.36", "1.37"])
    .default("1.36");
}

function defineBindings(manifests: Command, context: CommandContext): void {
  manifests
    .command("bindings")
    .description(
      "print the definitions of bindings and trusts, the policies that guard them, and the rights they need",
    )
    .addOption(boundParties("relying parties whose bindings to define"))
    .option("--namespace <namespace>", "namespace of the operator's ServiceAccount", "podtrust")
    .option("--service-account <name>", "name of the operator's ServiceAccount", "podtrust-operator")
    .option(
      "--audience <audience...>",
      "audience of tokens that the operator may ask for (default: sts.amazonaws.com; with --for azure those of its clouds too, with --for gcp its providers)",
    )
    .addOption(kubernetesOption("1.35 lets the operator set finalizers"))
    .action(async (options: BindingsOptions) => {
      const { runBindingManifests } = await import("./run-bindings.ts");
      await runBindingManifests(context, options);
    });
}

function defineQuota(manifests: Command, context: CommandContext): void {
  manifests
    .command("quota")
    .description("print the ResourceQuota that limits how many bindings and ServiceAccounts a namespace has")
    .requiredOption("--namespace <namespace...>", "namespace of tenants")
    .option("--bindings <count>", "bindings of each kind, at most; one at AWS has up to eight roles", "20")
    .addOption(boundParties("relying parties whose bindings are counted"))
    .option("--service-accounts <count>", "ServiceAccounts, at most", "50")
    .action(async (options: QuotaOptions) => {
      const { runQuota } = await import("./run-quota.ts");
      runQuota(context, options);
    });
}

function defineInjection(manifests: Command, context: CommandContext): void {
  manifests
    .command("injection")
    .description(
      "print the admission policies by which the API server gives pods their roles, without a webhook",
    )
    .addOption(
      new Option("--for <party>", "the relying party that pods get a token for")
        .choices(["aws", "gcp", "azure", "openbao"])
        .default("aws"),
    )
    .addOption(
      new Option(
        "--mode <mode>",
        "not for openbao: where the policies read what pods get: one ConfigMap of the namespace, or each of its ServiceAccounts",
      ).choices(["configmap", "serviceaccounts"]),
    )
    .option(
      "--namespace <namespace...>",
      "with --mode serviceaccounts: also print the ResourceQuota that this namespace needs",
    )
    .addOption(kubernetesOption("1.35 needs a feature gate"))
    .option("--no-warn", "do not warn why a pod got no role, or which annotations cannot be used")
    .option(
      "--deny",
      "refuse pods that should have a role, or ask for a token, and got none; for aws in place of a warning",
    )
    .action(async (options: InjectionOptions) => {
      const { runInjection } = await import("./run-injection.ts");
      await runInjection(context, options);
    });
}

function definePublisher(manifests: Command, context: CommandContext): void {
  withReplicas(
    manifests
      .command("publisher")
      .description(
        "print the publisher as a Deployment of replicas in the cluster, with all that belongs to it",
      )
      .option("-f, --file <file>", "config file", "podtrust.yaml"),
    "podtrust-publisher",
  )
    .addOption(
      new Option("--expose <kind>", "how clients reach the pods")
        .choices(["load-balancer", "node-port", "host-port"])
        .default("load-balancer"),
    )
    .action(async (options: PublisherManifestsOptions) => {
      const { runPublisherManifests } = await import("./run-publisher.ts");
      await runPublisherManifests(context, options);
    });
}

/** What decides which pods the operator injects, and by what. */
function withInjection(command: Command): Command {
  return command
    .option("--webhook", "also let it inject by a webhook, and print the webhook's objects")
    .addOption(
      new Option("--failure-policy <policy>", "what happens to new pods while no replica answers the webhook")
        .choices(["Ignore", "Fail"])
        .default("Ignore"),
    )
    .option(
      "--config-maps",
      "also let it keep the ConfigMaps that manifests injection --mode configmap needs",
    )
    .option(
      "--role-map <configmap>",
      "also let it read this ConfigMap of its namespace, with a role map",
      "",
    );
}

function defineOperator(manifests: Command, context: CommandContext): void {
  withInjection(
    withReplicas(
      manifests
        .command("operator")
        .description(
          "print the operator as a Deployment of replicas in the cluster, with its rights and all that belongs to it",
        ),
      "podtrust-operator",
    ),
  )
    .option("--evict-per-minute <count>", "let it evict at most this many faulty pods a minute")
    .option("--no-canary", "do not test injection once a minute")
    .option("--bindings", "let it reconcile bindings, whose definitions manifests bindings prints")
    .addOption(
      boundParties("with --bindings: relying parties whose bindings these are; --values always has AWS's"),
    )
    .option("--role <arn>", "its own IAM role, which it assumes with its own projected token")
    .option(
      "--google-provider <name>",
      "Google's provider for its own projected token, for bindings; with --keys, in place of the config's first",
    )
    .option(
      "--google-audience <audience>",
      "with --google-provider: audience of that token (default: the provider's name as URL)",
    )
    .option(
      "--keys <file>",
      "let it upload the cluster's keys where this config has keys: upload, by its own projected token",
    )
    .action(async (options: OperatorManifestsOptions) => {
      const { runOperatorManifests } = await import("./run-operator.ts");
      await runOperatorManifests(context, options);
    });
}

function defineOperatorRbac(manifests: Command, context: CommandContext): void {
  withInjection(
    manifests
      .command("operator-rbac")
      .description("print the namespace, ServiceAccounts and least rights of the operator")
      .option("--namespace <namespace>", "namespace of the operator", "podtrust")
      .option("--name <name>", "name of ServiceAccount, roles and policy", "podtrust-operator")
      .option("--evict", "also let it evict pods")
      .option("--keys", "also let it remember the cluster's keys, for podtrust operator run --keys"),
  ).action(async (options: OperatorRbacOptions) => {
    const { runOperatorRbac } = await import("./run-operator-rbac.ts");
    runOperatorRbac(context, options);
  });
}

function defineSigner(manifests: Command, context: CommandContext): void {
  manifests
    .command("signer")
    .description(
      "print what makes a cluster's API servers use podtrust signer: a static pod or systemd unit, and the API server's flags",
    )
    .addOption(
      new Option("--distribution <name>", "how the API servers are run")
        .choices(["kubeadm", "other"])
        .makeOptionMandatory(),
    )
    .requiredOption(
      "--issuer <issuer...>",
      "the API server's --service-account-issuer; two while another one is adopted",
    )
    .option("--image <image>", "kubeadm: run it as a static pod of this image (default: a systemd unit)")
    .option("--program <path>", "podtrust on the machine, for the systemd unit", "/usr/local/bin/podtrust")
    .option("--manifest <file>", "kubeadm: the API server's present kube-apiserver.yaml; - is standard input")
    .option("--peer <url...>", "each API server's own address, if there are several")
    .option(
      "--holder <scheme=program...>",
      "for the systemd unit: a program that holds keys, by an absolute path",
    )
    .action(async (options: SignerManifestsOptions) => {
      const { runSignerManifests } = await import("./run-signer.ts");
      await runSignerManifests(context, options);
    });
}

/** Examples and guide of the commands. */
export const uses: CommandUses = {
  ...policyUses,
  "manifests signer": {
    examples: [
      "podtrust manifests signer --distribution kubeadm --issuer https://oidc.example.com --manifest kube-apiserver.yaml --image registry.example.com/podtrust:0.1.0",
      "podtrust manifests signer --distribution other --issuer https://oidc.example.com --peer https://10.0.0.1:6443 https://10.0.0.2:6443",
      "podtrust manifests signer --distribution other --issuer https://oidc.example.com --holder pkcs11=/usr/local/bin/podtrust-pkcs11",
    ],
    guide: "signer",
  },
  "manifests operator": {
    examples: [
      "podtrust manifests operator --image registry.example.com/podtrust:0.1.0 | kubectl apply -f -",
      "podtrust manifests operator --image registry.example.com/podtrust:0.1.0 --bindings --role arn:aws:iam::111122223333:role/podtrust/operator",
      "podtrust manifests operator --image registry.example.com/podtrust:0.1.0 --keys podtrust.yaml --values > operator.yaml",
    ],
    guide: "operator",
  },
  "manifests operator-rbac": {
    examples: [
      "podtrust manifests operator-rbac | kubectl apply -f -",
      "podtrust manifests operator-rbac --evict --webhook",
      "podtrust manifests operator-rbac --namespace ops --name podtrust",
    ],
    guide: "operator",
  },
  "manifests publisher": {
    examples: [
      "podtrust manifests publisher --image registry.example.com/podtrust:0.1.0 | kubectl apply -f -",
      "podtrust manifests publisher --image registry.example.com/podtrust:0.1.0 --replicas 3 --expose node-port",
      "podtrust manifests publisher --image registry.example.com/podtrust:0.1.0 --values > values.yaml",
    ],
    guide: "publish-in-cluster",
  },
  "manifests publisher-rbac": {
    examples: [
      "podtrust manifests publisher-rbac | kubectl apply -f -",
      "podtrust manifests publisher-rbac --namespace oidc",
      "podtrust manifests publisher-rbac --renew-token",
    ],
    guide: "publish",
  },
  "manifests bindings": {
    examples: [
      "podtrust manifests bindings | kubectl apply --server-side -f -",
      "podtrust manifests bindings --namespace identity --service-account podtrust --kubernetes 1.35",
      "podtrust manifests bindings --for aws azure | kubectl apply --server-side -f -",
    ],
    guide: "bind",
  },
  "manifests quota": {
    examples: [
      "podtrust manifests quota --namespace shop | kubectl apply -f -",
      "podtrust manifests quota --namespace shop team-a --bindings 5 --service-accounts 20",
      "podtrust manifests quota --namespace shop --for aws gcp | kubectl apply -f -",
    ],
    guide: "grants",
  },
  "manifests injection": {
    examples: [
      "podtrust manifests injection --mode configmap | kubectl apply --server-side -f -",
      "podtrust manifests injection --mode configmap --deny --kubernetes 1.35",
      "podtrust manifests injection --for azure --mode configmap | kubectl apply --server-side -f -",
    ],
    guide: "injection",
  },
  "manifests workload": {
    examples: [
      "podtrust manifests workload shop/web",
      "podtrust manifests workload shop/web --role web --expiration 15m",
      "podtrust manifests workload shop/web --patch deployment/web > patch.yaml && kubectl patch -n shop deployment/web --patch-file patch.yaml",
    ],
    guide: "workload",
  },
  "manifests demo": {
    examples: [
      "podtrust manifests demo | kubectl apply -f -",
      "podtrust manifests demo --service-account shop/web",
      "podtrust manifests demo --host-network",
    ],
    guide: "workload",
  },
};

/** `podtrust manifests`: input for kubectl and the AWS CLI, as text. */
export function define(manifests: Command, context: CommandContext): void {
  definePublisher(manifests, context);
  manifests
    .command("publisher-rbac")
    .description("print the RBAC that the publisher needs: read access to two paths")
    .option("--namespace <namespace>", "namespace of the publisher's ServiceAccount", "podtrust")
    .option("--name <name>", "name of ServiceAccount, ClusterRole and binding", "podtrust-publisher")
    .option("--renew-token", "also let it create tokens for itself: a publisher on a host renews its own")
    .option("--distrust-secret <name>", "also create this Secret, where distrusted keys outlive the host")
    .action(async (options: PublisherRbacOptions) => {
      const { runPublisherRbac } = await import("./run-publisher-rbac.ts");
      runPublisherRbac(context, options);
    });
  definePolicies(manifests, context);
  defineOperator(manifests, context);
  defineOperatorRbac(manifests, context);
  defineBindings(manifests, context);
  defineQuota(manifests, context);
  defineSigner(manifests, context);
  defineInjection(manifests, context);
  defineWorkload(manifests, context);
  defineDemoManifests(manifests, context);
}
