import type { CertificateAndKey } from "../authority/index.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** A kubeconfig for a client certificate, in kubectl's own form. */
export function kubeconfigText(
  url: string,
  ca: string,
  user: CertificateAndKey & { readonly name: string },
): string {
  const context = `${user.name}@stand-in-cluster`;
  return `# podtrust's stand-in cluster: not a real Kubernetes
apiVersion: v1
kind: Config
current-context: ${context}
clusters:
  - name: stand-in-cluster
    cluster:
      server: ${url}
      certificate-authority-data: ${base64(ca)}
contexts:
  - name: ${context}
    context:
      cluster: stand-in-cluster
      user: ${user.name}
users:
  - name: ${user.name}
    user:
      client-certificate-data: ${base64(user.certificate)}
      client-key-data: ${base64(user.key)}
`;
}
