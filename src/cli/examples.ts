import type { CommandUses } from "../core/command-line/index.ts";

const kid = "4vUPSxhQtpF1rGZgWS0HXGUcSWVfu3JAXIPdTGYPV5Q";
const role = "arn:aws:iam::111122223333:role/web";

/** Examples and guide of every command that can be run, by its full name without `podtrust`. */
export const commandUses: CommandUses = {
  demo: {
    examples: [
      "podtrust demo",
      "podtrust demo --from-nothing",
      "podtrust demo --cluster --context kind-test",
    ],
    guide: "from-nothing",
  },
  sandbox: {
    examples: [
      "podtrust sandbox",
      "podtrust sandbox --state ./aws --admin-credentials ./admin --log",
      "podtrust sandbox --clouds --cloud-mischief off",
    ],
    guide: "sandbox",
  },
  init: {
    examples: [
      "podtrust init",
      "podtrust init --machine hetzner --zone example.com --account 111122223333",
      "podtrust init --cluster --issuer oidc.example.com --account 111122223333",
    ],
    guide: "from-nothing",
  },
  plan: {
    examples: ["podtrust plan", "podtrust plan --check -o prod.plan", "podtrust plan --bindings ./bindings"],
    guide: "aws",
  },
  up: {
    examples: ["podtrust up", "podtrust up --only provider --only trust --yes", "podtrust up prod.plan"],
    guide: "aws",
  },
  down: {
    examples: ["podtrust plan --down", "podtrust down", "podtrust down --only server"],
    guide: "aws",
  },
  doctor: {
    examples: [
      "podtrust doctor https://oidc.example.com",
      "podtrust doctor https://oidc.example.com --token token.jwt --resolver 1.1.1.1",
      "podtrust doctor https://oidc.example.com --json --fail-on warning",
    ],
    guide: "doctor",
  },
  import: {
    examples: ["podtrust import provider", "podtrust import web --yes", "podtrust import provider web api"],
    guide: "aws",
  },
  "export opentofu": {
    examples: [
      "podtrust export opentofu > main.tf",
      "podtrust export opentofu --import > main.tf",
      "podtrust export opentofu -f staging.yaml > staging.tf",
    ],
    guide: "from-nothing",
  },
  "export ansible-inventory": {
    examples: [
      "podtrust export ansible-inventory > inventory/prod.yml",
      "podtrust export ansible-inventory -f staging.yaml > inventory/staging.yml",
      "podtrust export ansible-inventory > inventory/prod.yml && ansible -i inventory all -m ping",
    ],
    guide: "from-nothing",
  },
  "export ansible-vars": {
    examples: [
      "podtrust export ansible-vars > inventory/group_vars/all.yml",
      "podtrust export ansible-vars -f staging.yaml > inventory/staging.yml",
      "podtrust export ansible-vars > vars.yml && ansible-playbook -e @vars.yml site.yml",
    ],
    guide: "from-nothing",
  },
  output: {
    examples: ["podtrust output", "podtrust output issuer_url", "podtrust output public_ip -f staging.yaml"],
    guide: "from-nothing",
  },
  serve: {
    examples: ["podtrust serve", "podtrust serve -f prod.yaml -f staging.yaml", "podtrust serve --verbose"],
    guide: "publish",
  },
  "publish s3": {
    examples: ["podtrust publish s3", "podtrust publish s3 -f staging.yaml", "podtrust publish s3 --json"],
    guide: "publish-s3",
  },
  "publisher upgrade": {
    examples: [
      "podtrust publisher upgrade",
      "podtrust publisher upgrade --yes",
      "podtrust publisher upgrade -f staging.yaml",
    ],
    guide: "service",
  },
  "publisher rollback": {
    examples: [
      "podtrust publisher rollback",
      "podtrust publisher rollback --json",
      "podtrust publisher rollback -f staging.yaml",
    ],
    guide: "service",
  },
  "rotate status": {
    examples: [
      "podtrust rotate status",
      "podtrust rotate status --json",
      "podtrust rotate status --state /var/lib/podtrust",
    ],
    guide: "rotate",
  },
  "rotate distrust": {
    examples: [
      `podtrust rotate distrust ${kid}`,
      `podtrust rotate distrust --stack prod ${kid}`,
      `podtrust rotate distrust --state /var/lib/podtrust ${kid}`,
    ],
    guide: "rotate",
  },
  "rotate restore": {
    examples: [
      `podtrust rotate restore ${kid}`,
      `podtrust rotate restore --stack prod ${kid}`,
      `podtrust rotate restore --state /var/lib/podtrust ${kid}`,
    ],
    guide: "rotate",
  },
  ssh: {
    examples: ["podtrust ssh", "podtrust ssh systemctl status k3s", "podtrust ssh -f staging.yaml uptime"],
    guide: "machine",
  },
  kubectl: {
    examples: [
      "podtrust kubectl get nodes",
      "podtrust kubectl -n shop get pods",
      "podtrust kubectl apply -f deployment.yaml",
    ],
    guide: "machine",
  },
  tunnel: {
    examples: ["podtrust tunnel", "podtrust tunnel --port 6443", "podtrust tunnel -f staging.yaml"],
    guide: "machine",
  },
  logs: {
    examples: ["podtrust logs", "podtrust logs k3s", "podtrust logs publisher --follow"],
    guide: "machine",
  },
  status: {
    examples: ["podtrust status", "podtrust status --watch", "podtrust status --only sts --json"],
    guide: "check",
  },
  test: {
    examples: ["podtrust test", "podtrust test --only web", "podtrust test --junit results.xml"],
    guide: "check",
  },
  explain: {
    examples: [
      `podtrust token --raw shop/web | podtrust explain --token - --role ${role}`,
      `podtrust explain --token token.jwt --role ${role}`,
      `podtrust explain --token token.jwt --role ${role} --trust-policy trust.json`,
    ],
    guide: "explain",
  },
  token: {
    examples: [
      "podtrust token shop/web",
      "podtrust token shop/web --audience sts.amazonaws.com --expiration 15m",
      "podtrust token shop/web --raw > token.jwt",
    ],
    guide: "explain",
  },
  "operator run": {
    examples: [
      "podtrust operator run",
      "podtrust operator run --bindings --webhook --evict-per-minute 6",
      "podtrust operator run --kubeconfig operator.kubeconfig --no-canary",
    ],
    guide: "operator",
  },
  "operator status": {
    examples: [
      "podtrust operator status",
      "podtrust operator status --json",
      "podtrust operator status --address 127.0.0.1:9892",
    ],
    guide: "operator",
  },
  "manifests operator": {
    examples: [
      "podtrust manifests operator --image registry.example.com/podtrust:0.1.0 | kubectl apply -f -",
      "podtrust manifests operator --image registry.example.com/podtrust:0.1.0 --bindings --role arn:aws:iam::111122223333:role/podtrust/operator",
      "podtrust manifests operator --image registry.example.com/podtrust:0.1.0 --values > operator.yaml",
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
  "manifests aws-policy": {
    examples: [
      "podtrust manifests aws-policy > policy.json && aws iam create-policy --policy-name podtrust --policy-document file://policy.json",
      "podtrust manifests aws-policy --account 111122223333",
      "podtrust manifests aws-policy -f staging.yaml",
    ],
    guide: "aws",
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
  bind: {
    examples: [
      "podtrust bind shop/web --policy arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess",
      "podtrust bind shop/web --existing arn:aws:iam::111122223333:role/shop/web > web.yaml",
      "podtrust bind shop/web --account 111122223333 --policy arn:aws:iam::111122223333:policy/shop/read --apply --kubeconfig ./kubeconfig",
    ],
    guide: "bind",
  },
  "wait bindings": {
    examples: [
      "podtrust wait bindings",
      "podtrust wait bindings --context kind-test",
      "podtrust wait bindings --kubeconfig ./kubeconfig",
    ],
    guide: "bind",
  },
  "manifests bindings": {
    examples: [
      "podtrust manifests bindings | kubectl apply --server-side -f -",
      "podtrust manifests bindings --namespace identity --service-account podtrust --kubernetes 1.35",
      "podtrust manifests bindings --audience sts.amazonaws.com --audience example",
    ],
    guide: "bind",
  },
  "manifests quota": {
    examples: [
      "podtrust manifests quota --namespace shop | kubectl apply -f -",
      "podtrust manifests quota --namespace shop team-a --bindings 5 --service-accounts 20",
      "podtrust manifests quota --namespace shop --json",
    ],
    guide: "grants",
  },
  "manifests injection": {
    examples: [
      "podtrust manifests injection --mode configmap | kubectl apply --server-side -f -",
      "podtrust manifests injection --mode configmap --deny --kubernetes 1.35",
      "podtrust manifests injection --mode serviceaccounts --namespace shop",
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
  "apply demo": {
    examples: [
      "podtrust apply demo",
      "podtrust apply demo --role web --path /web",
      "podtrust apply demo --delete",
    ],
    guide: "workload",
  },
  completion: {
    examples: [
      "podtrust completion bash > /etc/bash_completion.d/podtrust",
      "podtrust completion zsh > ~/.zfunc/_podtrust",
      "podtrust completion fish > ~/.config/fish/completions/podtrust.fish",
    ],
  },
  version: { examples: ["podtrust version", "podtrust version --json", "podtrust --version"] },
  help: { examples: ["podtrust help", "podtrust help plan", "podtrust help rotate status"] },
};
