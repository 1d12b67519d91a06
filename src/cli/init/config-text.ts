import { type Answers, roleNameOf } from "./answers.ts";

/** A scalar as YAML has it: JSON is YAML, and quotes where they are needed only. A file's name may begin with ~/. */
const scalar = (text: string): string =>
  /^(?:~?\/|[a-zA-Z])[\w./@-]*$/u.test(text) ? text : JSON.stringify(text);

/** Where the credentials for a DNS provider come from. */
const dnsSecrets: Readonly<Record<string, string>> = {
  cloudflare: " The token is never written here: export CLOUDFLARE_API_TOKEN=…",
  hetzner: " The token is the machine's: HCLOUD_TOKEN.",
  route53: " Your credentials are those of the AWS CLI.",
};

function issuerLines({ name }: Answers): readonly string[] {
  if ("issuer" in name)
    return ["# The URL in the cluster's tokens, where AWS finds its keys.", `issuer: ${name.issuer}`];
  return [
    "# The URL in the cluster's tokens: a random name under this zone, made by the first up and remembered.",
    `issuer: {zone: ${scalar(name.zone)}}`,
    "",
    `# Who serves the zone.${dnsSecrets[name.dns] ?? ""}`,
    `dns: ${name.dns}`,
  ];
}

const commonMachineLines = [
  "  # The cluster's network: cilium, or flannel with fewer parts.",
  "  cni: cilium",
  "  # Uncomment to have down and replacements refused.",
  "  # protect: true",
];

function foundationLines({ foundation }: Answers): readonly string[] {
  switch (foundation.kind) {
    case "hetzner":
      return [
        "# A new machine at Hetzner. The token is never written here: export HCLOUD_TOKEN=…",
        "machine:",
        "  hetzner:",
        `    type: ${scalar(foundation.type)}`,
        `    location: ${scalar(foundation.location)}`,
        "    image: ubuntu-24.04",
        ...commonMachineLines,
      ];
    case "ssh":
      return [
        "# An existing machine: Debian or Ubuntu, reached by SSH with your own key.",
        "machine:",
        `  ssh: {address: ${scalar(foundation.address)}, user: ${scalar(foundation.user)}}`,
        ...commonMachineLines,
      ];
    case "cluster":
      return [
        "# The cluster whose pods get roles.",
        foundation.context === undefined
          ? `cluster: {kubeconfig: ${scalar(foundation.kubeconfig)}}`
          : `cluster: {kubeconfig: ${scalar(foundation.kubeconfig)}, context: ${scalar(foundation.context)}}`,
      ];
  }
}

function sourceLines({ foundation }: Answers, former: string | undefined): readonly string[] {
  if (foundation.kind !== "cluster") return [];
  // The files are made by the commands that `publisherSteps` gives.
  return [
    "  # Its own credential, never an admin's: it may read two paths, and renew its token.",
    foundation.server === undefined
      ? "  source: {kubeconfig: publisher.kubeconfig}"
      : `  source: {server: ${JSON.stringify(foundation.server)}, tokenFile: token, caFile: cluster-ca.crt}`,
    ...(former === undefined
      ? []
      : [
          "  # The cluster's issuer until its API servers are changed; remove it afterwards.",
          `  formerIssuers: [${JSON.stringify(former)}]`,
        ]),
  ];
}

function publisherLines(answers: Answers, former: string | undefined): readonly string[] {
  const { publishing, region } = answers;
  switch (publishing.kind) {
    case "none":
      return ["# No publisher section: the issuer is served elsewhere (EKS, GKE, AKS, a CDN)."];
    case "s3":
      return [
        "# Who makes the keys public: a bucket that podtrust writes.",
        "publisher:",
        ...sourceLines(answers, former),
        `  s3: {bucket: ${scalar(publishing.bucket)}, region: ${region}}`,
      ];
    case "https":
      return [
        "# Who makes the keys public: podtrust serve, with a certificate by Let's Encrypt.",
        "publisher:",
        ...sourceLines(answers, former),
        "  https:",
        publishing.email === undefined
          ? "    acme: {}   # {email: ops@example.com}: where the CA may write to"
          : `    acme: {email: ${scalar(publishing.email)}}`,
      ];
  }
}

function awsLines(answers: Answers): readonly string[] {
  const { account, region, serviceAccount, policy } = answers;
  return [
    "# The AWS account that trusts the issuer. Your credentials are those of the AWS CLI.",
    "aws:",
    `  - account: "${account}"`,
    `    region: ${region}`,
    "    # audiences: [sts.amazonaws.com]",
    "    roles:",
    `      - name: ${scalar(roleNameOf(answers))}`,
    "        # Who may use it, each spelled out.",
    `        serviceAccounts: [${scalar(serviceAccount)}]`,
    `        policies: [${scalar(policy)}]`,
    "        # Also: inline, boundary, path, maxSession, tags.",
  ];
}

/** A config with comments, which loads without a warning. `former`: the issuer that the cluster gives up. */
export function configText(answers: Answers, former?: string): string {
  const lines = [
    // A team has this file: a path of one machine would be wrong for all others.
    "# What podtrust owns, in one file; no secret belongs here.",
    "# Every key, and how an editor completes and checks them: docs/reference/config.md of podtrust's pages.",
    "",
    "# The name of all of it: each thing that is made carries it.",
    `stack: ${scalar(answers.stack)}`,
    "# Tells it apart from another of the same name: never change it.",
    // Some of hex digits would be a number.
    `identity: ${JSON.stringify(answers.identity)}`,
    "",
    ...issuerLines(answers),
    "",
    ...foundationLines(answers),
    "",
    ...publisherLines(answers, former),
    "",
    ...awsLines(answers),
  ];
  return `${lines.join("\n")}\n`;
}
