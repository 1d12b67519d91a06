import { type CommandTree, runTree } from "../core/command-line/index.ts";
import type { ExitCode, Host } from "../core/terminal/index.ts";
import type { Naming } from "./context.ts";

/** Settles the name by all that a stack is made of, which a config with a URL does not need: a publisher's memory least. */
const nameByStack: Naming = async (context, config, unknown) => {
  const { settleIssuer } = await import("../stack/index.ts");
  const { env, clock, signal, progress } = context;
  const notice = (said: string): void => progress.line(`note: ${said}`, 6);
  const name = await settleIssuer({ config, env, clock, notice }, unknown, signal);
  if (name.isNew && unknown === "choose")
    notice(`the name ${name.host} was chosen; it is remembered once up has made its records`);
  return name;
};

/** All that podtrust can do. */
export const podtrust: CommandTree = {
  name: "podtrust",
  description:
    "Give the pods of any Kubernetes cluster IAM roles in AWS, without stored keys: the cluster becomes an OIDC identity provider that AWS trusts.",
  groups: [
    {
      title: "Try",
      commands: [
        {
          name: "demo",
          description:
            "run the full flow locally with stand-ins: one workload gets credentials, six attempts are denied",
          load: () => import("./demo/command.ts"),
        },
        {
          name: "sandbox",
          description:
            "run a local stand-in for AWS IAM, STS and SSM Parameter Store that enforces what AWS enforces",
          load: () => import("./sandbox/command.ts"),
        },
      ],
    },
    {
      title: "Set up",
      commands: [
        {
          name: "init",
          description:
            "write a config file with comments: detects what it can, and asks five questions or takes flags",
          load: () => import("./init/command.ts"),
        },
        {
          name: "plan",
          description: "show what up would change, field by field, without changing anything",
          load: () => import("./plan/command.ts"),
        },
        {
          name: "up",
          description:
            "make machine, DNS name, cluster, publisher, OIDC provider and IAM roles match the config",
          load: () => import("./up/command.ts"),
        },
        {
          name: "down",
          description: "delete everything of the stack: all that carries its tag, label or comment",
          load: () => import("./down/command.ts"),
        },
        {
          name: "import",
          description:
            "take over an existing OIDC provider or IAM roles: tag them, and update them to match the config",
          load: () => import("./import/command.ts"),
        },
        {
          name: "manifests",
          description:
            "print Kubernetes manifests for workloads, injection, bindings, operator and publisher, and policies for IAM, buckets and OpenBao",
          load: () => import("./manifests/command.ts"),
        },
        {
          name: "apply",
          description: "run the demo workload in the cluster",
          load: () => import("./apply/command.ts"),
        },
        {
          name: "bind",
          description: "print the binding that gives a ServiceAccount its role or identity, or apply it",
          load: () => import("./bind/command.ts"),
        },
        {
          name: "wait",
          description: "wait until the cluster is ready for something",
          load: () => import("./wait/command.ts"),
        },
        {
          name: "export",
          description: "write what a config owns in the formats of other tools: OpenTofu, Ansible",
          load: () => import("./export/command.ts"),
        },
        {
          name: "output",
          description: "print the names, addresses and ARNs of what the config owns, for scripts",
          load: () => import("./output/command.ts"),
        },
      ],
    },
    {
      title: "Run",
      commands: [
        {
          name: "serve",
          lasting: true,
          description:
            "serve the cluster's OIDC discovery document and JWKS over HTTPS, with a certificate from Let's Encrypt",
          load: () => import("./serve/with-clouds.ts"),
        },
        {
          name: "publish",
          description: "upload the OIDC discovery document and JWKS to an S3 bucket, or the JWKS to a cloud",
          load: () => import("./publish/command.ts"),
        },
        {
          name: "publisher",
          description: "upgrade the publisher on the machine, or go back to the version before",
          load: () => import("./publisher/command.ts"),
        },
        {
          name: "operator",
          description: "run the operator in the cluster, or ask a running one for its status",
          load: () => import("./operator/command.ts"),
        },
        {
          name: "signer",
          description: "sign the cluster's tokens outside the API server, and rotate without a restart",
          load: () => import("./signer/command.ts"),
        },
        {
          name: "adopt",
          description:
            "give the API servers of a running cluster the config's issuer, and refuse no token meanwhile",
          load: () => import("./adopt/command.ts"),
        },
        {
          name: "rotate",
          description: "show, distrust and restore the signing keys that the publisher serves as JWKS",
          load: () => import("./rotate/with-machines.ts"),
        },
        {
          name: "backup",
          description: "save the publisher's irreplaceable data in an encrypted file, and verify such a file",
          load: () => import("./backup/command.ts"),
        },
        {
          name: "restore",
          description: "restore a backup of the publisher, before the publisher is started",
          load: () => import("./restore/command.ts"),
        },
        {
          name: "ssh",
          description: "log in to the stack's machine, whose host key is pinned",
          load: () => import("./ssh/command.ts"),
        },
        {
          name: "kubectl",
          description: "run kubectl on the cluster of the stack's machine, through the SSH connection",
          load: () => import("./kubectl/command.ts"),
        },
        {
          name: "tunnel",
          description: "forward a local port to the Kubernetes API of the stack's machine until stopped",
          load: () => import("./tunnel/command.ts"),
        },
        {
          name: "logs",
          description: "show a log of the stack's machine",
          load: () => import("./logs/command.ts"),
        },
        {
          name: "job",
          hidden: true,
          description: "ask AWS who this workload is and which parameters it may read",
          load: () => import("./job/command.ts"),
        },
        {
          name: "make-store-key",
          hidden: true,
          description: "make the key that proves what replicas share, unless there is one",
          load: () => import("./make-store-key/command.ts"),
        },
        {
          name: "renew-token",
          hidden: true,
          description: "renew the token by which the publisher on this machine reads the cluster",
          load: () => import("./renew-token/command.ts"),
        },
      ],
    },
    {
      title: "Check",
      commands: [
        {
          name: "status",
          description: "check every link, from the cluster's signing keys to the role's permissions",
          load: () => import("./status/command.ts"),
        },
        {
          name: "test",
          description:
            "call STS with real tokens: ServiceAccounts of the config are authorized, all others denied",
          load: () => import("./test/command.ts"),
        },
        {
          name: "doctor",
          description:
            "find out what is broken, in a stack or with an issuer: the cause, its proof and the fix",
          load: () => import("./doctor/command.ts"),
        },
        {
          name: "map",
          description: "draw who can assume which role in AWS, and what breaks when a link goes",
          load: () => import("./map/command.ts"),
        },
        {
          name: "explain",
          description:
            "explain whether AWS, Google Cloud, Azure or OpenBao would accept a token and, rule by rule, why not",
          load: () => import("./explain/command.ts"),
        },
        {
          name: "token",
          description: "create a ServiceAccount token (TokenRequest) and print it decoded",
          load: () => import("./token/command.ts"),
        },
      ],
    },
    {
      title: "Other",
      commands: [
        {
          name: "completion",
          description: "print a completion script for a shell",
          async load() {
            const { define, uses } = await import("./completion/command.ts");
            return { define: (command, context) => define(command, context, podtrust), uses };
          },
        },
      ],
    },
  ],
  uses: {
    version: { examples: ["podtrust version", "podtrust version --json", "podtrust --version"] },
    help: { examples: ["podtrust help", "podtrust help plan", "podtrust help rotate status"] },
  },
  extend: (context) => Object.assign(context, { naming: nameByStack }),
};

/** Runs one command line of podtrust (without `node` and the program's name) and gives its exit code; never throws. */
export function run(args: readonly string[], host: Host): Promise<ExitCode> {
  return runTree(args, host, podtrust);
}
